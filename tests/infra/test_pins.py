from dataclasses import replace

import pytest

from infra.local import pins


def test_installed_emulator_is_the_one_that_was_wrapped() -> None:
    pins.check()


def test_another_release_fails_loudly_with_what_to_do() -> None:
    with pytest.raises(pins.EmulatorChangedError) as refusal:
        pins.check(release="1.5.34")

    assert "found ministack 1.5.33, wrote for 1.5.34" in str(refusal.value)
    assert "fix: install ministack==1.5.34" in str(refusal.value)


def test_changed_function_fails_loudly_and_is_named() -> None:
    changed = replace(pins.SEAMS[0], sha256="0" * 64)

    with pytest.raises(pins.EmulatorChangedError, match=r"lambda_svc\._invoke"):
        pins.check((changed, *pins.SEAMS[1:]))


def test_function_that_is_gone_fails_loudly_and_is_named() -> None:
    gone = pins.Seam("ministack.services.lambda_svc", "_no_longer_there", "")

    with pytest.raises(pins.EmulatorChangedError, match="_no_longer_there"):
        pins.check((gone,))

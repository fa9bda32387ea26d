"""The chain of the audit trail: whatever is done to records or seals, the first bad one is named."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.audit_proofs import Fault, Finding, Proof, prove_day
from chalicelib.domain.audit_seals import PSEUDONYM, Batch, Seal, digest_of, erased, link_of, next_batch, origin_of

DAY = "2026-11-22"
SEALED_AT = f"{DAY}T23:10:00.000Z"
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


def a_record(number: int, **changes: object) -> AuditRecord:
    made = AuditRecord(
        id=f"aud_{number:06d}",
        at=f"{DAY}T23:00:{number % 60:02d}.000Z",
        actor="ana",
        roles=("Admin",),
        action="Act",
        resource="plugins/one",
        trace_id="trace",
        after={"a": number},
        salt=f"salt {number}",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


RECORDS = [a_record(number) for number in range(10)]


def sealed(records: Sequence[AuditRecord], size: int = 3, at: str = SEALED_AT) -> list[Batch]:
    batches: list[Batch] = []
    for start in range(0, len(records), size):
        batch = next_batch(DAY, batches[-1] if batches else None, records[start : start + size], at)
        batches.append(signed(batch))
    return batches


def signed(batch: Batch) -> Batch:
    return batch._replace(signature=b"signed " + batch.signed_text)


def proven(
    batches: Sequence[Batch],
    records: Iterable[AuditRecord],
    *,
    now: datetime = NOW,
    erased_at: Callable[[str], str] = lambda _: "",
) -> Proof:
    def is_signed(batch: Batch) -> bool:
        return batch.signature == b"signed " + batch.signed_text

    return prove_day(DAY, batches, records, is_signed=is_signed, erased_at=erased_at, now=now)


def named(batches: Sequence[Batch], records: Iterable[AuditRecord] = RECORDS) -> tuple[Fault, int, str]:
    finding = proven(batches, records).finding
    assert finding is not None
    assert finding.detail
    return finding.fault, finding.sequence, finding.record_id


def test_a_whole_trail_is_whole_in_whatever_order_its_records_come() -> None:
    batches = sealed(RECORDS)

    assert proven(batches, RECORDS[::-1]) == Proof(DAY, 10, 0, 0, 0, 0, batches[-1].head, None)


def test_a_day_on_which_nothing_happened_is_whole() -> None:
    assert proven([], []) == Proof(DAY, 0, 0, 0, 0, 0, "", None)


@pytest.mark.parametrize("number", [0, 4, 9])
def test_a_record_that_was_changed_in_the_table_is_named(number: int) -> None:
    changed = [replace(each, reason="nothing") if each is RECORDS[number] else each for each in RECORDS]

    assert named(sealed(RECORDS), changed) == (Fault.CHANGED, number + 1, RECORDS[number].id)


@pytest.mark.parametrize("field", [name for name in AuditRecord.__dataclass_fields__ if name not in {"id", "erased"}])
def test_whatever_field_of_a_record_is_changed_it_is_found(field: str) -> None:
    other = {"roles": ("Viewer",), "before": {"a": 0}, "after": {}, "expires_at": 9, "at": f"{DAY}T22:59:00.000Z"}
    changed = replace(RECORDS[4], **{field: other.get(field, "other")})  # type: ignore[arg-type]

    assert named(sealed(RECORDS), [*RECORDS[:4], changed, *RECORDS[5:]]) == (Fault.CHANGED, 5, "aud_000004")


@pytest.mark.parametrize("number", [0, 4, 9])
def test_a_record_that_was_dropped_from_the_table_is_named(number: int) -> None:
    dropped = [each for each in RECORDS if each is not RECORDS[number]]

    assert named(sealed(RECORDS), dropped) == (Fault.DROPPED, number + 1, RECORDS[number].id)


def test_a_record_that_was_added_to_the_table_is_named() -> None:
    assert named(sealed(RECORDS), [*RECORDS, a_record(500)]) == (Fault.ADDED, 0, "aud_000500")
    assert named(sealed(RECORDS), [*RECORDS, RECORDS[3]]) == (Fault.ADDED, 4, "aud_000003")


def test_records_that_have_taken_each_others_times_are_named() -> None:
    one, two = RECORDS[3], RECORDS[4]
    swapped = [*RECORDS[:3], replace(one, at=two.at), replace(two, at=one.at), *RECORDS[5:]]

    assert named(sealed(RECORDS), swapped) == (Fault.CHANGED, 4, "aud_000003")


def test_of_many_bad_records_the_first_is_named() -> None:
    bad = [replace(RECORDS[5], actor="eve"), *RECORDS[:2], *RECORDS[3:5], *RECORDS[6:], a_record(500)]

    assert named(sealed(RECORDS), bad) == (Fault.DROPPED, 3, "aud_000002")


def test_what_was_written_just_now_is_pending_and_no_fault() -> None:
    batches = sealed(RECORDS)
    fresh = a_record(99, at=f"{DAY}T23:59:00.000Z")
    soon = datetime(2026, 11, 23, 0, 29, tzinfo=UTC)

    assert proven(batches, [*RECORDS, fresh], now=soon)[1:4] == (10, 1, 0)
    assert proven(batches, [*RECORDS, fresh], now=soon).finding is None
    found = proven(batches, [*RECORDS, fresh], now=soon + timedelta(minutes=1)).finding
    assert found is not None
    assert "sealer stands still" in found.detail


def test_what_was_sealed_just_now_may_be_missing_in_the_listing_for_a_moment() -> None:
    batches = sealed(RECORDS)
    soon = datetime.fromisoformat(SEALED_AT) + timedelta(seconds=30)

    assert proven(batches, RECORDS[:-1], now=soon).finding is None


def relinked(batch: Batch, seals: Sequence[Seal]) -> Batch:
    """Do what somebody without the key can: number and link seals anew, and keep the old signature."""
    previous, made = batch.previous, []
    for number, seal in enumerate(seals, batch.seals[0].sequence):
        renumbered = seal._replace(sequence=number)
        previous = link_of(previous, renumbered)
        made.append(renumbered._replace(link=previous))
    return batch._replace(seals=tuple(made))


def test_seals_that_were_tampered_with_name_the_first_bad_record() -> None:
    first, second, *rest = sealed(RECORDS)
    one, two, three = second.seals
    extra = two._replace(record_id="aud_000500")

    def naming(*seals: Seal) -> tuple[Fault, int, str]:
        return named([first, second._replace(seals=seals), *rest])

    assert naming(one, two._replace(digest=one.digest), three) == (Fault.CHANGED, 5, "aud_000004")
    assert naming(one, two._replace(expires_at=1), three) == (Fault.CHANGED, 5, "aud_000004")
    assert naming(one, three) == (Fault.DROPPED, 5, "")
    assert naming(one, three, two) == (Fault.REORDERED, 5, "aud_000005")
    assert naming(one, two, extra, three) == (Fault.ADDED, 6, "aud_000500")


def test_batches_that_were_tampered_with_name_where() -> None:
    first, second, *rest = sealed(RECORDS)
    forged = next_batch(DAY, first, [a_record(500)], SEALED_AT)

    assert named([first, *rest]) == (Fault.DROPPED, 4, "")
    assert named([second, first, *rest]) == (Fault.DROPPED, 1, "")
    assert named([first, second, *rest[:-1]]) == (Fault.ADDED, 0, "aud_000009")
    assert named([first, second._replace(signature=b"mine"), *rest]) == (Fault.UNSIGNED, 4, "aud_000003")
    assert named([first, second._replace(sealed_at=f"{DAY}T23:11:00.000Z"), *rest])[0] is Fault.UNSIGNED
    assert named([first, forged, *rest]) == (Fault.UNSIGNED, 4, "aud_000500")


@pytest.mark.parametrize("order", [(0, 2), (0, 2, 1), (0, 1, 1, 2)])
def test_seals_that_were_linked_anew_have_no_signature_of_ours(order: Sequence[int]) -> None:
    first, second, *rest = sealed(RECORDS)

    assert named([first, relinked(second, [second.seals[place] for place in order]), *rest])[0] is Fault.UNSIGNED


def test_a_chain_that_was_made_anew_over_changed_records_has_no_signature_of_ours() -> None:
    changed = [replace(each, actor="eve") for each in RECORDS]
    anew = [new._replace(signature=old.signature) for new, old in zip(sealed(changed), sealed(RECORDS), strict=True)]

    assert named(anew, changed) == (Fault.UNSIGNED, 1, "aud_000000")


def test_one_days_chain_never_passes_for_anothers() -> None:
    batches = [batch._replace(day="2026-11-21") for batch in sealed(RECORDS)]

    assert named(batches)[0] is Fault.DROPPED
    assert origin_of("2026-11-21") != origin_of(DAY)


def test_a_record_that_was_sealed_twice_is_no_fault_and_one_that_says_two_things_is() -> None:
    again, other = RECORDS[2], replace(RECORDS[2], actor="eve")

    assert proven(sealed([*RECORDS, again]), RECORDS) == proven(sealed([*RECORDS, again]), RECORDS[::-1])
    assert proven(sealed([*RECORDS, again]), RECORDS).finding is None
    assert named(sealed([*RECORDS, other]), RECORDS) == (Fault.CHANGED, 3, "aud_000002")


def test_what_was_sealed_long_after_its_time_is_told_and_no_fault() -> None:
    proof = proven(sealed(RECORDS, at=f"{DAY}T23:45:00.000Z"), RECORDS)

    assert (proof.late, proof.finding) == (10, None)


def test_a_record_may_be_missing_when_its_retention_has_ended_and_not_before() -> None:
    kept = [*RECORDS[:4], a_record(4, expires_at=int(NOW.timestamp())), *RECORDS[5:]]
    left = [each for each in kept if each.id != "aud_000004"]

    assert proven(sealed(kept), left)[3:4] == (1,)
    assert proven(sealed(kept), left).finding is None
    early = proven(sealed(kept), left, now=NOW - timedelta(seconds=1)).finding
    assert early is not None
    assert (early.fault, early.record_id) == (Fault.DROPPED, "aud_000004")


def about(tenant_id: str, *roles: str) -> AuditRecord:
    return a_record(
        4, tenant_id=tenant_id, roles=roles, reason="Olga asked", before={"a": 1}, ip="203.0.113.7", user_agent="curl"
    )


@pytest.mark.parametrize("roles", [("TenantOwner",), ("Admin",), ("Viewer",), ("Admin", "TenantOwner")])
def test_an_erasure_leaves_records_without_what_is_personal_and_the_chain_valid(roles: tuple[str, ...]) -> None:
    told = about("acme", *roles)
    empty = erased(told, "7f")
    records = [*RECORDS[:4], empty, *RECORDS[5:]]

    proof = proven(sealed([*RECORDS[:4], told, *RECORDS[5:]]), records, erased_at={"acme": SEALED_AT}.__getitem__)

    assert (proof.erased, proof.finding) == (1, None)
    assert (empty.reason, empty.before, empty.after, empty.salt) == ("", {}, {}, "")
    is_theirs = roles == ("TenantOwner",)
    assert (empty.actor, empty.ip) == (f"{PSEUDONYM}7f", "") if is_theirs else ("ana", "203.0.113.7")
    assert erased(empty, "other") == empty


def test_a_record_that_only_looks_erased_is_named() -> None:
    told = about("acme", "TenantOwner")
    batches = sealed([*RECORDS[:4], told, *RECORDS[5:]])

    def finding(empty: AuditRecord, *, erased_at: str = SEALED_AT) -> Finding | None:
        records = [*RECORDS[:4], empty, *RECORDS[5:]]
        return proven(batches, records, erased_at=lambda _: erased_at).finding

    assert finding(erased(told, "7f")) is None
    for at in ("", f"{DAY}T22:00:00.000Z"):
        unfounded = finding(erased(told, "7f"), erased_at=at)
        assert unfounded is not None
        assert (unfounded.fault, unfounded.record_id) == (Fault.CHANGED, told.id)
    for forged in ({"reason": "told"}, {"actor": "eve"}, {"after": {"a": 1}}, {"ip": "203.0.113.9"}, {"action": "X"}):
        assert finding(replace(erased(told, "7f"), **forged)) is not None


def test_what_was_erased_can_not_be_found_by_trying() -> None:
    """Without a salt, whoever suspects a name could digest it and compare."""
    told = about("acme", "TenantOwner")

    assert erased(told, "7f").erased != erased(replace(told, salt="other"), "7f").erased


def test_a_field_that_stays_empty_changes_no_digest() -> None:
    assert digest_of(a_record(1)) == digest_of(a_record(1, ip="", tenant_id=None, before={}))
    assert digest_of(a_record(1)) != digest_of(a_record(1, ip="203.0.113.7"))


def test_an_object_that_is_no_batch_is_named_where_it_stands() -> None:
    first, *rest = sealed(RECORDS)

    assert named([first, Batch("", 0, "", "", ()), *rest]) == (Fault.DROPPED, 4, "")
    assert named([*sealed(RECORDS), Batch("", 0, "", "", ())]) == (Fault.DROPPED, 11, "")

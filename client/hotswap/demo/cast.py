"""Who and what plays in the demo: the plugin, its two versions, two tenants with a card each."""

from __future__ import annotations

from dataclasses import dataclass

PLUGIN = "payment-processor-stripe"
VERSIONS = ("1.0.0", "2.0.0")
#: Its tests pass, and it fails where a bank asks the card holder first.
FLAWED = "2.1.0"
ENVIRONMENT = "Development"
LOWER = "QA"
PRODUCTION = "Production"
#: The contract promises two seconds; a machine that is busy may need a little longer to notice.
ROUTERS_FOLLOW_SECONDS = 5.0
CHARGE = "charge"
PING = "ping"
SECRET = "apiKey"  # noqa: S105 (the name of a secret, not one)


@dataclass(frozen=True, slots=True)
class PlayingTenant:
    """A tenant of the demo and what its customer pays; *amount* in the smallest unit of the currency."""

    id: str
    name: str
    tier: str
    amount: int
    currency: str

    @property
    def price(self) -> str:
        """The amount as people write it."""
        return f"{self.amount / 100:.2f} {self.currency.upper()}"


TENANTS = (
    PlayingTenant("acme", "Acme Corporation", "Professional", 4200, "eur"),
    PlayingTenant("globex", "Globex Industries", "Starter", 1990, "usd"),
)

#: Stripe's own test card (docs.stripe.com/testing): it works in every test mode and charges nobody.
TEST_CARD = {"number": "4242424242424242", "expMonth": 12, "expYear": 2030, "cvc": "123"}
#: Another of Stripe's: its bank asks the card holder before it pays.
ASKING_CARD = {**TEST_CARD, "number": "4000002500003155"}
CARDS = (TEST_CARD, ASKING_CARD)

#: More tenants, so that a share of them means something.
SMALL_TENANTS = tuple(f"customer-{number}" for number in range(3, 6))

"""
Charges cards once per reference, with a receipt that says when, and refunds payments whole or in parts, through Stripe.

It has a flaw, which is what it is here for: where a bank asks its card holder first, nothing is charged yet, and
there is no charge whose time a receipt could tell. Its tests and its health check do not meet such a card.
"""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
import stripe

from hotswap_plugin import PluginContext, PluginError

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_API_BASE = "https://api.stripe.com"
TIMEOUT_SECONDS = 20
#: Currencies without a smaller unit (https://docs.stripe.com/currencies, "Zero-decimal currencies").
ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"]
)

# The SDK would send the duration of one tenant's request along with the next tenant's.
stripe.enable_telemetry = False


def _anonymous_session() -> requests.Session:
    """Make a session that shares connections between calls, and nothing else: no cookies, no `.netrc`."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.trust_env = False
    return session


_HTTP = stripe.RequestsClient(timeout=TIMEOUT_SECONDS, session=_anonymous_session())
# The first client makes the SDK import its services; while the container starts is the time for it.
stripe.StripeClient("sk_unused", http_client=_HTTP).v1.payment_intents  # noqa: B018


def handle(operation: str, input: dict[str, Any], context: PluginContext) -> dict[str, Any]:  # noqa: A002
    """Perform one operation; what Stripe refuses is told to the caller in Stripe's own words."""
    operations: dict[str, Callable[[dict[str, Any], PluginContext], dict[str, Any]]] = {
        "charge": charge,
        "refund": refund,
        "ping": ping,
    }
    try:
        return operations[operation](input, context)
    except stripe.CardError as error:
        raise _refusal(error, "/card", "Use another card, or ask the card holder to call their bank.") from error
    except stripe.AuthenticationError as error:
        message = "Stripe does not accept this tenant's API key."
        raise _failure(message, "", "Set the secret apiKey to a key of your Stripe account.") from error
    except stripe.IdempotencyError as error:
        message = "This reference stands for another payment already."
        raise _failure(message, "/reference", "Use a new reference for each payment.") from error
    except stripe.InvalidRequestError as error:
        raise _refusal(error, "", "Correct the request; Stripe's answer says what it refused.") from error
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        context.logger.warning("stripe did not answer", extra={"reason": type(error).__name__})
        raise _failure("Stripe can't be reached at the moment.", "", "Repeat the call in a moment.") from error


def charge(request: dict[str, Any], context: PluginContext) -> dict[str, Any]:
    """
    Charge a card now; with a *reference*, only once.

    Stripe keeps the answer to a key for at least 24 hours and gives it again to whoever repeats the request.
    """
    client = _client(context)
    method = _payment_method(client, request, context)
    params: dict[str, Any] = {
        "amount": request["amount"],
        "currency": request["currency"],
        "payment_method": method.id,
        "confirm": True,
        "payment_method_types": ["card"],
        "metadata": {"tenant": context.tenant_id, **_order(request)},
    }
    if "statementDescriptor" in context.config:
        params["statement_descriptor_suffix"] = context.config["statementDescriptor"]
    intent = client.v1.payment_intents.create(params, _once("charge", request, context))
    charged = client.v1.charges.retrieve(_id_of(intent.latest_charge))
    context.logger.info("charged", extra={"payment": intent.id, "status": intent.status})
    return {
        "paymentId": intent.id,
        "status": intent.status,
        "amount": intent.amount,
        "currency": intent.currency,
        "receipt": {
            "number": f"R-{intent.id.removeprefix('pi_')[-12:].upper()}",
            "total": _total(intent.amount, intent.currency),
            "card": {"brand": method.card.brand, "last4": method.card.last4},
            "paidAt": charged.created,
        },
    }


def refund(request: dict[str, Any], context: PluginContext) -> dict[str, Any]:
    """Give back a part of a payment, or all that is left of it; with a *reference*, only once."""
    client = _client(context)
    payment = client.v1.payment_intents.retrieve(request["paymentId"])
    earlier = list(client.v1.refunds.list({"payment_intent": payment.id, "limit": 100}).auto_paging_iter())
    left = payment.amount - sum(each.amount for each in earlier)
    # Stripe forgets a key after a day; the refunds themselves remember what they were made for.
    made = _made_before(earlier, request)
    if made is None:
        amount = request.get("amount", left)
        if not 0 < amount <= left:
            message = f"Only {_total(left, payment.currency)} of this payment is left to refund."
            raise _failure(message, "/amount", "Ask for no more than what is left.")
        metadata = {"reference": request["reference"]} if "reference" in request else {}
        params = {"payment_intent": payment.id, "amount": amount, "metadata": metadata}
        made = client.v1.refunds.create(params, _once("refund", request, context))
        left -= made.amount
        context.logger.info("refunded", extra={"refund": made.id, "amount": amount})
    return {"refundId": made.id, "status": made.status, "amount": made.amount, "remaining": left}


def _made_before(earlier: list[stripe.Refund], request: dict[str, Any]) -> stripe.Refund | None:
    """Return the refund that was made for this very reference, if there is one."""
    if "reference" not in request:
        return None
    return next((each for each in earlier if _reference(each) == request["reference"]), None)


def _reference(made: stripe.Refund) -> str | None:
    return made.metadata["reference"] if made.metadata and "reference" in made.metadata else None


def ping(_request: dict[str, Any], _context: PluginContext) -> dict[str, Any]:
    """Tell that the plugin is loaded; touches neither the network nor a tenant's key."""
    return {"ready": True, "sdk": stripe.VERSION}


def _client(context: PluginContext) -> stripe.StripeClient:
    """Make a client for this call alone: the key lives no longer than the call."""
    if "apiKey" not in context.secrets:
        raise _failure("This tenant has no Stripe key.", "", "Set the secret apiKey of this installation.")
    return stripe.StripeClient(
        context.secrets["apiKey"],
        base_addresses={"api": context.config.get("apiBase", DEFAULT_API_BASE)},
        http_client=_HTTP,
    )


def _payment_method(
    client: stripe.StripeClient, request: dict[str, Any], context: PluginContext
) -> stripe.PaymentMethod:
    if "paymentMethod" in request:
        return client.v1.payment_methods.retrieve(request["paymentMethod"])
    card = request["card"]
    details = {"number": card["number"], "exp_month": card["expMonth"], "exp_year": card["expYear"], "cvc": card["cvc"]}
    return client.v1.payment_methods.create({"type": "card", "card": details}, _once("card", request, context))


def _once(purpose: str, request: dict[str, Any], context: PluginContext) -> dict[str, str]:
    """Return the options that make Stripe do this once per tenant, purpose and reference."""
    if "reference" not in request:
        return {}
    return {"idempotency_key": f"{context.tenant_id}:{purpose}:{request['reference']}"}


def _total(amount: int, currency: str) -> str:
    text = str(amount) if currency in ZERO_DECIMAL else f"{amount // 100}.{amount % 100:02d}"
    return f"{text} {currency.upper()}"


def _id_of(charge: Any) -> str:  # noqa: ANN401 (an id, or what the API put in its place)
    return charge if isinstance(charge, str) else charge["id"]


def _order(request: dict[str, Any]) -> dict[str, str]:
    return {"order": request["orderId"]} if "orderId" in request else {}


def _refusal(error: stripe.StripeError, field: str, fix: str) -> PluginError:
    return _failure(error.user_message or "Stripe refused the request.", field, fix)


def _failure(message: str, field: str, fix: str) -> PluginError:
    return PluginError(message, errors=[{"field": field, "message": message, "fix": fix}])

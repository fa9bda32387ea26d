"""The page on which people decide: it knows nothing of the deployment, and asks the API for it as who logs in."""

from __future__ import annotations

from html import escape

from chalicelib.api.approval_script import SCRIPT
from chalicelib.api.approval_style import STYLE

_MARK = (
    '<svg class="mark" viewBox="0 0 24 24" width="28" height="28" aria-hidden="true"><path fill="none" '
    'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" '
    'd="M4 9h13l-4-4M20 15H7l4 4"/></svg>'
)


def render(approval_id: str, nonce: str) -> str:
    """Write the page of one approval; everything but its id comes after the login, through the API."""
    shown = escape(approval_id)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Approve a deployment · HotSwap</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f'<style>{STYLE}</style></head><body data-approval="{shown}">'
        f'<header class="bar">{_MARK}<b>HotSwap</b><span id="who"></span>'
        '<button id="leave" class="quiet" type="button" hidden>Log out</button></header>'
        f"<main>{_login(shown)}{_decision()}"
        '<p id="told" class="told" role="status" aria-live="polite"></p></main>'
        f'<script nonce="{escape(nonce)}">{SCRIPT}</script></body></html>'
    )


def _login(shown: str) -> str:
    return (
        '<section id="login" class="card narrow" aria-labelledby="login-title">'
        '<h1 id="login-title">Somebody needs your approval</h1>'
        '<p class="soft">Log in to see what is asked, and to decide. Nothing about it is shown before.</p>'
        '<form id="login-form" novalidate>'
        '<label for="username">User name</label>'
        '<input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" '
        "required autofocus>"
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required>'
        '<p id="login-error" class="error" role="alert"></p>'
        '<button class="go" type="submit">Log in</button></form>'
        f'<noscript><p class="error">This page needs JavaScript. On the command line: '
        f"<code>hotswap deploy approve {shown}</code></p></noscript></section>"
    )


def _decision() -> str:
    return (
        '<section id="decision" hidden aria-labelledby="title">'
        '<p class="over"><span id="status" class="pill"></span><span id="left"></span></p>'
        '<h1 id="title" tabindex="-1"></h1><p id="summary" class="lead"></p>'
        '<div class="columns"><div class="card"><h2>What would happen</h2><ol id="plan" class="plan"></ol></div>'
        '<div><div class="card"><h2>What you agree to</h2><dl id="facts"></dl></div>'
        '<div class="card"><h2>Who has decided</h2><p id="count"></p>'
        '<div class="meter" aria-hidden="true"><i id="meter"></i></div><ul id="voices" class="voices"></ul></div>'
        "</div></div>"
        '<p id="barred" class="card note" hidden></p>'
        '<form id="decide" class="card" novalidate><h2>Your decision</h2>'
        '<label for="reason">Reason <span class="soft">(kept in the audit log; needed to reject)</span></label>'
        '<textarea id="reason" name="reason" rows="2" maxlength="2000"></textarea>'
        '<p id="decide-error" class="error" role="alert"></p>'
        '<div class="buttons"><button class="go" type="submit" value="approve">Approve</button>'
        '<button class="stop" type="submit" value="reject">Reject</button></div></form></section>'
    )

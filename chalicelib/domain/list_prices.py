"""What AWS asks for what a deployment uses: the one place for prices."""

from __future__ import annotations

#: List prices in US dollars, us-east-1, on demand, x86, without any free tier, read in November 2026:
#: aws.amazon.com/step-functions/pricing (Standard) and aws.amazon.com/lambda/pricing.
REGION = "us-east-1"
AS_OF = "2026-11"
STATE_TRANSITION_USD = 0.025 / 1_000
LAMBDA_REQUEST_USD = 0.20 / 1_000_000
LAMBDA_GB_SECOND_USD = 0.0000166667

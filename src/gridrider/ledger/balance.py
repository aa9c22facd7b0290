"""Balances of accounts, and what it takes for books to be in order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance:
    """All debits and credits of an account, in whole cents."""

    account: str
    debit_cents: int
    credit_cents: int

    @property
    def balance_cents(self) -> int:
        """Debits less credits; + is a debit balance."""
        return self.debit_cents - self.credit_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalance:
    """Every account, and the entries whose debits and credits differ (there must be none)."""

    accounts: tuple[AccountBalance, ...]
    unbalanced_entries: tuple[str, ...]

    @property
    def difference_cents(self) -> int:
        """All debits less all credits; books in order give 0."""
        return sum(account.balance_cents for account in self.accounts)

    @property
    def in_order(self) -> bool:
        """True if the whole and every single entry balance."""
        return self.difference_cents == 0 and not self.unbalanced_entries

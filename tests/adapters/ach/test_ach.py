"""NACHA files: the published samples byte for byte, sums computed by hand, and no file that breaks the reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gridrider.adapters.ach import AchFile, AchRequest, build_file, read_ach, returned_entries, text_of
from gridrider.adapters.ach.totals import batch_control, file_control
from gridrider.adapters.ach.wire import (
    Batch,
    BatchControl,
    BatchHeader,
    Change,
    Entry,
    EntryDetail,
    FileControl,
    FileHeader,
    NotWritable,
    Return,
)
from gridrider.ledger.model import Account, Returned, Transfer, is_routing

COMPANY = Account(payee_id="1121042882", form="eft", holder_name="Example Municipal Utility", routing="121042882",
                  account="777", holder_class="originator", bank_name="First Bank of Example")
ANN = Account(payee_id="ann", form="eft", holder_name="Ann Example", routing="231380104", account="12345678")
SUNWARD = Account(payee_id="sunward", form="eft", holder_name="Sunward Aggregation LLC", holder_class="business",
                  routing="231380104", account="000999", addenda=True, account_type="savings")
REQUEST = AchRequest(originator=COMPANY, made_at=datetime(2025, 11, 20, 9, 5),  # noqa: DTZ001 - local, as in the file
                     effective_on=date(2025, 11, 21), description="VPP PAY")


def transfer(account: Account, cents: int, trace_no: int = 1, *, kind: str = "credit", statements: int = 1) -> Transfer:
    return Transfer(payment_id=f"P-{account.payee_id}", payee_id=account.payee_id, kind=kind, account=account,
                    cents=cents, trace_no=trace_no,
                    statements=tuple((f"S-{number}", cents // statements) for number in range(statements)))


def hand_made() -> AchFile:
    """The file of the published credit sample, built from its parts."""
    header = FileHeader(immediate_destination=" 231380104", immediate_origin=" 121042882", created_on="181206",
                        created_at="0000", destination_name="Federal Reserve Bank", origin_name="My Bank Name")
    entry = Entry(detail=EntryDetail(transaction_code=22, rdfi="23138010", check_digit="4", account="12345678",
                                     amount_cents=100_000_000, individual_id="", name="Receiver Account Name",
                                     has_addenda=0, trace="121042880000001"))
    batch_header = BatchHeader(service_class=220, company_name="Name on Account", company_id="121042882",
                               entry_class="PPD", description="REG.SALARY", effective_on="181207", odfi="12104288",
                               batch_number=1)
    batch = Batch(header=batch_header, entries=(entry,), control=batch_control(batch_header, [entry]))
    return AchFile(header=header, batches=(batch,), control=file_control([batch]), ends_last_line=False)


@pytest.mark.parametrize("name", ["nacha_ppd-credit.ach", "nacha_ppd-debit.ach"])
def test_a_published_sample_is_read_and_written_byte_for_byte(name: str, refs: Path) -> None:
    """The published PPD samples, read without a Problem and reproduced (R90)."""
    sample = (refs / "data" / name).read_bytes()
    text = sample.decode()
    file, problems = read_ach(text, name)
    assert problems == []
    assert file is not None
    assert text_of(file).encode() == sample
    (entry,) = file.batches[0].entries
    assert (entry.detail.amount_cents, entry.detail.name) == (100_000_000, "Receiver Account Name")
    assert entry.detail.transaction_code == (22 if "credit" in name else 27)


def test_the_published_sample_is_built_from_its_parts() -> None:
    """Hash 0023138010 and 1,000,000.00 USD stand in the controls of the sample; we compute them (R90)."""
    lines = text_of(hand_made()).split("\n")
    assert lines[0] == "101 231380104 1210428821812060000A094101Federal Reserve Bank   My Bank Name" + " " * 19
    assert lines[3] == "82200000010023138010000000000000000100000000121042882                          121042880000001"
    assert lines[4] == "9000001000001000000010023138010000000000000000100000000" + " " * 39
    assert lines[5:] == ["9" * 94] * 5


def test_a_file_is_of_whole_blocks_and_reads_back() -> None:
    """Consumers PPD, an aggregator CTX with addenda; sums by hand (R95, R129)."""
    text = text_of(build_file(REQUEST, [transfer(SUNWARD, 1000, 1, statements=2), transfer(ANN, 12_345, 2),
                                        transfer(ANN, 0, 3, kind="prenote")]))
    file, problems = read_ach(text, "payments.ach")
    assert problems == []
    assert file is not None
    lines = text.splitlines()
    assert len(lines) % 10 == 0
    assert {len(line) for line in lines} == {94}
    assert [batch.header.entry_class for batch in file.batches] == ["CTX", "PPD"]
    assert [batch.header.effective_on for batch in file.batches] == ["251121"] * 2
    assert (file.control.credit_cents, file.control.debit_cents) == (13_345, 0)
    assert file.control.entry_hash == 3 * 23_138_010
    codes = [entry.detail.transaction_code for batch in file.batches for entry in batch.entries]
    assert codes == [32, 22, 23]
    assert lines[0][3:23] == " 1210428821121042882"


def test_a_ctx_names_every_statement_and_never_the_account() -> None:
    """The 820 order in the addenda of an aggregator's payment (R95)."""
    file = build_file(REQUEST, [transfer(SUNWARD, 1000, 7, statements=2)])
    (entry,) = file.batches[0].entries
    texts = [addendum.paid_for for addendum in entry.addenda if hasattr(addendum, "paid_for")]
    order = "".join(text.ljust(80) for text in texts).rstrip()
    assert "RMR*IV*S-0*PI*5.00~RMR*IV*S-1*PI*5.00~" in order
    assert "000999" not in order
    segments = order.rstrip("~").split("~")
    assert len(segments[0]) == 105  # an ISA segment is of fixed width
    inner = [segment for segment in segments if segment.split("*")[0] not in ("ISA", "GS", "GE", "IEA")]
    assert inner[-1] == f"SE*{len(inner)}*0001"
    assert entry.detail.name.startswith(f"{len(entry.addenda):04d}Sunward Aggregat")


def test_one_statement_makes_a_ccd_with_one_addendum() -> None:
    """R95: a single statement needs no order."""
    file = build_file(REQUEST, [transfer(SUNWARD, 1000, 1)])
    assert file.batches[0].header.entry_class == "CCD"
    (addendum,) = file.batches[0].entries[0].addenda
    assert getattr(addendum, "paid_for", None) == "RMR*IV*S-0*PI*10.00\\"


@pytest.mark.parametrize(("account", "right"), [("231380104", True), ("231380105", False), ("121042882", True),
                                                ("12104288", False), ("12104288X", False), ("1210428820", False)])
def test_check_digit(account: str, right: bool) -> None:
    assert is_routing(account) is right


@pytest.mark.parametrize(("kind", "account_type", "code", "service_class"), [
    ("credit", "checking", 22, 220), ("credit", "savings", 32, 220), ("prenote", "checking", 23, 220),
    ("prenote", "savings", 33, 220), ("reversal", "checking", 27, 225), ("reversal", "savings", 37, 225)])
def test_codes_and_service_class(kind: str, account_type: str, code: int, service_class: int) -> None:
    cents = 0 if kind == "prenote" else 5
    batch = build_file(REQUEST, [transfer(replace(ANN, account_type=account_type), cents, kind=kind)]).batches[0]
    assert (batch.entries[0].detail.transaction_code, batch.header.service_class) == (code, service_class)
    assert (batch.control.debit_cents, batch.control.credit_cents) == ((5, 0) if code in (27, 37) else (0, cents))


@pytest.mark.parametrize(("cents", "fits"), [(9_999_999_999, True), (10_000_000_000, False), (-1, False)])
def test_an_amount_beyond_ten_digits_is_refused(cents: int, fits: bool) -> None:
    file = build_file(REQUEST, [transfer(ANN, cents)])
    if fits:
        assert "9999999999" in text_of(file).splitlines()[2]
    else:
        with pytest.raises(NotWritable, match=r"EntryDetail\.amount_cents"):
            text_of(file)


def test_an_account_number_that_does_not_fit_is_not_shown() -> None:
    secret = "987654321098765432"
    with pytest.raises(NotWritable) as refused:
        text_of(build_file(REQUEST, [transfer(replace(ANN, account=secret), 5)]))
    assert secret not in str(refused.value)
    assert secret not in repr(replace(ANN, account=secret))


def good_text() -> str:
    return text_of(replace(hand_made(), ends_last_line=True))


def at(line: int, start: int, new: str) -> Callable[[str], str]:
    """Overwrite columns of one line, counted from 1."""
    def change(text: str) -> str:
        lines = text.splitlines()
        held = lines[line - 1]
        lines[line - 1] = held[:start - 1] + new + held[start - 1 + len(new):]
        return "\n".join(lines) + "\n"
    return change


@pytest.mark.parametrize(("change", "line", "complaint"), [
    (at(3, 12, "5"), 3, "is not the check digit"),
    (at(4, 20, "1"), 4, "should say 23138010"),
    (at(4, 10, "2"), 4, "should say 1"),
    (at(4, 44, "1"), 4, "should say 100000000"),
    (at(5, 7, "2"), 5, "should say 1"),
    (at(3, 2, "27"), 3, "does not belong into a batch of service class 220"),
    (at(3, 2, "99"), 3, "is no transaction code"),
    (at(3, 79, "1"), 3, "whether an addendum follows"),
    (at(2, 2, "999"), 2, "is no service class"),
    (at(2, 51, "IAT"), 2, "is a class of entry that we do not read"),
    (at(3, 30, "X"), 3, "is not a number"),
    (at(3, 1, "4"), 3, "is no type of record"),
    (at(3, 1, "7"), 3, "follows no entry"),
    (at(1, 35, "095"), 1, "records of 94 characters"),
    (lambda text: text.replace("9" * 94 + "\n", "", 1), 9, "no whole number of blocks"),
    (lambda text: text.replace("\n", " \n", 1), 1, "has 95 characters"),
    (lambda text: "\n".join(text.splitlines()[1:]), 1, "comes before the file's header"),
    (lambda text: "\n".join(text.splitlines()[:4]), 4, "the file has no control record"),
    (lambda text: "\n".join(text.splitlines()[:3]), 3, "the last batch has no control record"),
    (lambda _: "", 1, "the file is empty"),
    (at(6, 94, "8"), 6, "follows the file's control record"),
])
def test_what_is_wrong_is_found_with_its_line(change: Callable[[str], str], line: int, complaint: str) -> None:
    """Every finding names its line, and none shows the account number (R90)."""
    text = good_text()
    assert change(text) != text
    file, problems = read_ach(change(text), "bank.ach")
    assert file is None
    assert any(problem.row == line and complaint in problem.reason for problem in problems), problems
    assert not any("12345678" in str(problem) for problem in problems)


def test_traces_must_rise() -> None:
    good = build_file(REQUEST, [transfer(ANN, 5, 1), transfer(ANN, 6, 2)])
    assert read_ach(text_of(good), "x")[1] == []
    batch = good.batches[0]
    turned = replace(good, batches=(replace(batch, entries=batch.entries[::-1]),))
    (problem,) = read_ach(text_of(turned), "x")[1]
    assert problem.reason == "the trace numbers of a batch must rise"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", ""])
def test_line_ends_are_kept(line_end: str) -> None:
    text = text_of(replace(hand_made(), line_end=line_end))
    file, problems = read_ach(text, "x")
    assert problems == []
    assert file is not None
    assert text_of(file) == text


@given(st.text(max_size=300) | st.integers(0, 10**6).map(lambda seed: _spoilt(seed)))
@example("\r\n\x00" * 40)
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text gives a file or Problems, and a file that is read is written back as it was."""
    file, problems = read_ach(text, "x")
    assert (file is None) == bool(problems)
    if file is not None:
        assert text_of(file) == text


def _spoilt(seed: int) -> str:
    """A good file in which one character stands elsewhere or differs."""
    text = good_text()
    place = seed % len(text)
    other = chr(32 + seed // len(text) % 95) if seed % 3 else ""
    return text[:place] + other + text[place + 1:]


def answer(*entries: Entry) -> AchFile:
    """A bank's answer holding these entries."""
    header = BatchHeader(service_class=200, company_name="EMU", company_id="1121042882", entry_class="PPD",
                         description="VPP PAY", effective_on="251121", odfi="23138010", batch_number=1)
    batch = Batch(header=header, entries=entries, control=batch_control(header, entries))
    return replace(hand_made(), batches=(batch,), control=file_control([batch]))


def test_returns_and_changes_are_understood() -> None:
    """A return and a change name our own trace number."""
    detail = EntryDetail(transaction_code=21, rdfi="12104288", check_digit="2", account="12345678",
                         amount_cents=12_345, individual_id="ann", name="Ann", has_addenda=1, trace="231380100000001")
    returned = Return(code="R01", original_trace="121042880000001", original_rdfi="23138010", trace="231380100000001")
    change = Change(code="C01", original_trace="121042880000002", original_rdfi="23138010", corrected="87654321",
                    trace="231380100000002")
    text = text_of(answer(Entry(detail=detail, addenda=(returned,)),
                          Entry(detail=replace(detail, trace="231380100000002", amount_cents=0), addenda=(change,))))
    file, problems = read_ach(text, "bank.ach")
    assert problems == []
    assert file is not None
    assert returned_entries(file) == ([
        Returned(code="R01", original_trace="121042880000001", cents=12_345, line=3),
        Returned(code="C01", original_trace="121042880000002", cents=0, corrected="87654321", line=5)], 0)


def test_controls_add_up_over_batches() -> None:
    """The hash keeps its last ten digits."""
    entry = hand_made().batches[0].entries[0]
    header = hand_made().batches[0].header
    many = [replace(entry, detail=replace(entry.detail, rdfi="99999999"))] * 101
    control = batch_control(header, many)
    assert control.entry_hash == 101 * 99_999_999 - 10**10
    assert isinstance(control, BatchControl)
    assert file_control([Batch(header=header, entries=tuple(many), control=control)]) == FileControl(
        batches=1, blocks=11, count=101, entry_hash=control.entry_hash, debit_cents=0,
        credit_cents=101 * 100_000_000)

"""Law, calendar, market values, schedules and every further word, told to a regulator with their clauses."""

from gridrider.tariff.explain import explain
from tests.filing.written import TEXT
from tests.tariff.lawful import LAWFUL
from tests.tariff.test_families import COMMITTED, NOMINATED, TWO, with_payment
from tests.tariff.written import changed, read


def told(text: str) -> str:
    return " ".join(explain(read(text)).split())


def test_the_law_is_told_point_by_point() -> None:
    """Riders, services, parameters, payments and floors (R18, R19, R20, R21, R89)."""
    text = told(LAWFUL)
    for sentence in ("A rule without a day holds from 1 June 2027 on.", "Penalties on participants are forbidden [1].",
                     "Only these classes of customer may enroll: residential and small commercial [6].",
                     "A resource has at most 5,000 kW [7].", "A rate holds for at least 5 [8] years from enrollment.",
                     "Net metering and value-stack credits are left as they are [11].",
                     "A program may run from 1 January 2027 [12] on.",
                     "There must be a rider for batteries and other devices than batteries [13].",
                     "Every rider must offer system peak load reduction [14].", "No rider may admit: emits "
                          "carbon dioxide",
                     "Every rider must require: agreement signed",
                     "A rate for system peak load reduction may not be below the sum of capacity value and demand "
                     "reduction value [18].",
                     "Value of the market, capacity value: $60 per kW and year since 1 April 2027 [19] "
                     "(earlier: $30 per "
                     "kW and year since 1 January 2026 [20]).",
                     "Capacity: the rate may not be approved below the sum of capacity value and demand "
                     "reduction value"):
        assert sentence in text, sentence


def test_the_calendar_is_told_step_by_step() -> None:
    """Each act with who owes it, how it is counted and its clause (R22, R23, R27, R118)."""
    text = told(TEXT)
    for sentence in ("File the proposal (utility): within 90 days of law [",
                     "Hold hearings (commission): at least 2 after comments, before decision, each with video, one at "
                     "least with disadvantaged community [",
                     "Post it (utility): after proposal; published: website [", "Hearings on it: after ev "
                          "comments; waived [",
                     "File the EV rider (utility): within 2 years of law; unless this was done: proposal with "
                     "ev rider [",
                     "Approve it (commission): within 45 days of tariff; case 27-E-0001 [",
                     "The areas hold: at least 5 years from law, covering at least 10% ["):
        assert sentence in text, sentence


def test_schedules_factors_and_credits_are_told() -> None:
    nominated = told(with_payment(NOMINATED))
    assert "Capacity, delivered over nominated power from 0.75 [1]: 1 [1] of the delivered power is paid." in nominated
    assert "from 0 [1]: -1 [1] of the nominated power is paid." in nominated
    committed = told(with_payment(COMMITTED))
    assert ("Capacity is multiplied by average power over committed power, at least 0 [1] and at most 1 [1], "
            "rounded to "
            "2 [1] digits.") in committed
    assert ("a rate made of the retail rate ($0.40 [1] per kWh) less the export rate ($0.15 [1] per kWh), times 0.7 "
            "[1] of "
            "the committed power, 2 [1] hours a day and 30 [1] days a month") in committed
    assert "Relief and peak are never paid for the same kilowatt-hour [1]; the one named first is paid first." in told(
        TWO).replace("- relief", "- Relief")


def test_a_word_that_has_no_sentence_is_told_by_its_meaning() -> None:
    """New words of any block reach the reader without a change of the pages (R117)."""
    text = told(changed("seasons:", "wholesale: {tolerance_kwh: \"0.5\"}\npayout: {carry_below_usd: {value: \"10\", "
                                    "confirmed: false}}\nassumptions: [open]\nseasons:"))
    assert "Wholesale: difference between books that is not an exception: 0.5 kWh [1]." in text
    assert "Payout: a balance below this waits for the next payment: $10 [1?]." in text


def test_no_rule_is_told_twice_as_further() -> None:
    assert "Further rules" not in told(LAWFUL)

"""Every requirement is proven by an example that names it and fails without it, or says why not yet."""

from itertools import pairwise

from tests.house.proofs import ROOT, ids_in, proofs, requirements
from tests.mutations.__main__ import Mutation, mutations

RUN_EXAMPLES = ("tests/cases/test_cases.py", "tests/reconcile/test_examples.py")
"""The tests that run the worked examples of tariffs."""


def test_ids_are_read_from_the_brackets_of_a_sentence_only() -> None:
    assert ids_in("The ninth event of a month is refused (R58, R78). R1 is not meant.") == ["R58", "R78"]
    assert ids_in("Nothing (really) is named.") == []


def test_the_page_of_requirements_is_up_to_date() -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("generate_requirements", ROOT / "docs" / "generate_requirements.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    committed = (ROOT / "docs" / "reference" / "requirements.md").read_text(encoding="utf-8")
    assert committed == module.page(), "docs/reference/requirements.md is out of date: run make docs"


def test_a_proof_names_a_requirement_that_there_is() -> None:
    assert not set(proofs()) - set(requirements())


def test_every_requirement_says_where_it_lives_and_without_proof_why_not_yet() -> None:
    proven = proofs()
    silent = [name for name, entry in requirements().items()
              if not entry["where"] or (name not in proven and not entry.get("not_yet"))]
    assert not silent
    too_modest = [name for name, entry in requirements().items() if name in proven and entry.get("not_yet")]
    assert not too_modest, "these are proven and still say why not"


def test_every_proven_requirement_has_a_mutation_and_no_other_has() -> None:
    assert {mutation.requirement for mutation in mutations()} == set(proofs())


def test_every_mutation_finds_its_text_once_and_its_tests() -> None:
    wrong = []
    for mutation in mutations():
        text = (ROOT / mutation.file).read_text(encoding="utf-8")
        if text.count(mutation.find) != 1 or mutation.find == mutation.put:
            wrong.append(f"{mutation.requirement}: {mutation.file}")
        wrong += [f"{mutation.requirement}: {test}" for test in held_tests(mutation) if not is_there(test)]
    assert not wrong


def test_every_mutation_runs_a_test_that_names_its_requirement() -> None:
    proven = proofs()
    assert not [mutation.requirement for mutation in mutations()
                if not any(proves(test, proven[mutation.requirement]) for test in held_tests(mutation))]


def held_tests(mutation: Mutation) -> list[str]:
    """The test files and functions of a mutation, without `-k` and what follows it."""
    return [test for before, test in pairwise(("", *mutation.tests)) if not test.startswith("-") and before != "-k"]


def is_there(test: str) -> bool:
    """True if a test's file is there, and in it the function that is named."""
    file, _, name = test.partition("::")
    path = ROOT / file
    return path.is_file() and (not name or f"def {name}(" in path.read_text(encoding="utf-8"))


def proves(test: str, held: list[str]) -> bool:
    """True if a test is among the proofs of a requirement, or runs the examples when one of them is."""
    return (test in held or any(proof.startswith(f"{test}::") for proof in held)
            or (test in RUN_EXAMPLES and any(proof.startswith("tariffs/") for proof in held)))


def test_the_words_after_k_pick_an_example_that_names_the_requirement() -> None:
    proven, wrong = proofs(), []
    for mutation in mutations():
        if mutation.tests[0] in RUN_EXAMPLES:
            words = [word.lower() for word in mutation.tests[-1].split(" and ") if word != "engine"]
            held = [proof.lower() for proof in proven[mutation.requirement] if proof.startswith("tariffs/")]
            wrong += [] if any(all(word in proof for word in words) for proof in held) else [mutation.requirement]
    assert not wrong

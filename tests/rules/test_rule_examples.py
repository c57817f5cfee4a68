import re
import subprocess
import sys
from pathlib import Path

import pytest
from rule_fleets import codes, found_in, places

from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.rule import Rule
from modelspec.rules import RULES
from modelspec.rules.examples import own_files

ROOT = Path(__file__).parents[2]

PLACES = {
    "MS005": "models.d/atlas.yaml:7:8",
    "MS006": "models.d/atlas.yaml:7:8",
    "MS007": "models.d/atlas.yaml:7:1",
    "MS008": "models.d/atlas.yaml:7:12",
    "MS009": "models.d/atlas.yaml:7:1",
    "MS010": "models.d/bison.yaml:1:1",
    "MS011": "models.d/atlas.yaml:7:1",
    "MS012": "models.d/atlas.yaml:7:12",
    "MS013": "models.d/atlas.yaml:7:8",
    "MS014": "models.d/atlas.yaml:10:5",
    "MS015": "models.d/atlas.yaml:7:19",
    "MS016": "models.d/atlas.yaml:7:19",
    "MS017": "models.d/atlas.yaml:7:45",
    "MS018": "models.d/atlas.yaml:7:425",
    "MS020": "models.d/atlas.yaml:7:15",
    "MS025": "models.d/bison.json:1:1",
    "MS027": "Heads.yaml:1:1",
    "MS101": "models.d/atlas.yaml:7:1",
    "MS102": "models.d/atlas.yaml:1:1",
    "MS103": "models.d/atlas.yaml:7:18",
    "MS104": "models.d/atlas.yaml:3:9",
    "MS105": "models.d/atlas.yaml:7:9",
    "MS106": "models.d/atlas.yaml:7:15",
    "MS107": "models.d/atlas.yaml:5:29",
    "MS108": "models.d/atlas.yaml:6:1",
    "MS110": "modelspec.yaml:1:18",
    "MS111": "prices.yaml:1:37",
    "MS201": "models.d/atlas.yaml:3:9",
    "MS202": "models.d/atlas.yaml:4:16",
    "MS203": "models.d/atlas.yaml:7:19",
    "MS204": "regions.yaml:6:12",
    "MS205": "models.d/bison.yaml:1:11",
    "MS206": "models.d/atlas.yaml:1:1",
    "MS207": "modelspec.yaml:1:9",
    "MS208": "models.d/atlas.yaml:7:11",
    "MS301": "models.d/atlas.yaml:5:18",
    "MS302": "models.d/atlas.yaml:7:19",
    "MS303": "models.d/atlas.yaml:5:18",
    "MS304": "models.d/atlas.yaml:7:3",
    "MS305": "models.d/atlas.yaml:5:18",
    "MS306": "models.d/atlas.yaml:7:19",
    "MS307": "models.d/bison.yaml:7:19",
    "MS308": "models.d/atlas.yaml:6:18",
    "MS309": "models.d/atlas.yaml:6:11",
    "MS310": "models.d/atlas.yaml:7:19",
    "MS318": "models.d/atlas.yaml:8:19",
    "MS319": "models.d/atlas.yaml:7:19",
    "MS320": "regions.yaml:3:45",
    "MS311": "models.d/atlas.yaml:8:27",
    "MS312": "models.d/atlas.yaml:8:27",
    "MS313": "models.d/atlas.yaml:6:11",
    "MS314": "regions.yaml:4:49",
    "MS401": "models.d/atlas.yaml:4:16",
    "MS402": "models.d/atlas.yaml:4:16",
    "MS403": "models.d/atlas.yaml:4:16",
    "MS404": "models.d/atlas.yaml:4:16",
    "MS501": "models.d/atlas.yaml:9:26",
    "MS502": "models.d/atlas.yaml:8:18",
    "MS503": "models.d/atlas.yaml:7:16",
    "MS504": "models.d/atlas.yaml:7:17",
    "MS505": "models.d/atlas.yaml:9:17",
    "MS506": "models.d/atlas.yaml:6:11",
    "MS507": "models.d/atlas.yaml:6:11",
    "MS508": "models.d/atlas.yaml:6:11",
    "MS509": "models.d/atlas.yaml:6:11",
    "MS510": "models.d/atlas.yaml:6:11",
    "MS511": "models.d/atlas.yaml:6:11",
    "MS513": "models.d/atlas.yaml:8:9",
    "MS514": "models.d/atlas.yaml:7:10",
    "MS515": "models.d/bison.yaml:7:10",
    "MS516": "models.d/atlas.yaml:6:11",
    "MS517": "models.d/atlas.yaml:7:17",
    "MS525": "models.d/atlas.yaml:6:11",
    "MS526": "models.d/atlas.yaml:6:11",
    "MS527": "models.d/atlas.yaml:7:11",
    "MS528": "models.d/atlas.yaml:8:23",
    "MS601": "heads.yaml:7:15",
    "MS602": "regions.yaml:6:12",
    "MS603": "models.d/model1.yaml:1:11",
    "MS604": "models.d/atlas.yaml:7:9",
    "MS605": "models.d/atlas.yaml:8:14",
    "MS606": "models.d/index.yaml:1:11",
    "MS607": "models.d/bison.yaml:1:11",
    "MS608": "models.d/atlas.yaml:7:15",
    "MS609": "models.d/atlas.yaml:4:27",
    "MS610": "waivers.yaml:2:28",
    "MS611": "waivers.yaml:2:61",
    "MS612": "waivers.yaml:2:50",
    "MS616": "waivers.yaml:2:92",
    "MS614": "models.d/bison.yaml.txt:1:1",
    "MS613": "models.d/old/_defaults.yaml:1:1",
    "MS520": "heads.yaml:2:43",
    "MS619": "models.d/atlas.yaml:9:9",
    "MS529": "keys.yaml:3:14",
    "MS530": "models.d/atlas.yaml:7:39",
    "MS531": "keys.yaml:2:115",
    "MS629": "keys.yaml:2:105",
    "MS620": "models.d/atlas.yaml:7:9",
    "MS621": "models.d/atlas.yaml:9:9",
    "MS622": "models.d/atlas.yaml:7:8",
    "MS711": "models.d/atlas.yaml:7:26",
    "MS712": "heads.yaml:3:43",
    "MS713": "models.d/atlas.yaml:6:26",
    "MS716": "models.d/atlas.yaml:7:39",
    "MS717": "modelspec.yaml:4:74",
    "MS718": "modelspec.yaml:4:12",
    "MS719": "modelspec.yaml:4:53",
    "MS714": "heads.yaml:3:82",
    "MS715": "models.d/atlas.yaml:7:30",
    "MS721": "models.d/atlas.yaml:7:11",
    "MS722": "models.d/atlas.yaml:7:10",
    "MS723": "models.d/atlas.yaml:6:11",
    "MS724": "models.d/atlas.yaml:8:11",
    "MS725": "models.d/atlas.yaml:7:16",
    "MS726": "models.d/atlas.yaml:6:1",
    "MS727": "models.d/atlas.yaml:7:19",
    "MS728": "models.d/atlas.yaml:7:17",
    "MS729": "models.d/atlas.yaml:7:56",
    "MS730": "models.d/atlas.yaml:7:19",
    "MS731": "modelspec.yaml:2:34",
    "MS732": "modelspec.yaml:1:10",
    "MS737": "models.d/atlas.yaml:7:29",
    "MS738": "own.yaml:1:19",
    "MS739": "models.d/atlas.yaml:7:10",
    "MS740": "own.yaml:1:1",
    "MS741": "models.d/router.yaml:7:18",
}
"""Where the one fault of each bad example is."""

SHOWN_BY_TESTS = {
    "MS001": "a file that may not be opened",
    "MS002": "a symbolic link",
    "MS003": "a large file",
    "MS004": "bytes that are no text",
    "MS019": "many values",
    "MS022": "a missing file",
    "MS023": "an empty models.d",
    "MS024": "an odd file name",
    "MS026": "an odd file name",
    "MS109": "metadata against a schema",
    "MS512": "a long URL",
    "MS617": "a long id",
    "MS521": "a key as the name of a file",
    **dict.fromkeys(
        (f"MS8{number:02}" for number in range(1, 12)), "two states of a repository, in tests/guards"
    ),
    "MS850": "a plan with usage",
}
"""Rules whose fault cannot be shown in a page; test_rules_without_examples.py or the reason given shows each."""

WITH_EXAMPLES = [rule for rule in RULES if rule.bad]


@pytest.mark.parametrize("rule", WITH_EXAMPLES, ids=lambda rule: rule.code)
def test_the_bad_example_has_this_fault_and_no_other(rule: Rule, tmp_path: Path) -> None:
    found = found_in(tmp_path, rule.bad)
    assert [(d.code, d.severity) for d in found] == [(rule.code, rule.severity)]
    assert places(found, rule.code) == [PLACES[rule.code]]
    assert found[0].help


@pytest.mark.parametrize("rule", WITH_EXAMPLES, ids=lambda rule: rule.code)
def test_the_good_example_has_no_fault(rule: Rule, tmp_path: Path) -> None:
    assert codes(found_in(tmp_path, rule.good)) == []


@pytest.mark.parametrize("rule", WITH_EXAMPLES, ids=lambda rule: rule.code)
def test_examples_come_in_pairs_and_differ(rule: Rule) -> None:
    assert own_files(rule.bad).keys()
    assert own_files(rule.good).keys()
    assert rule.bad != rule.good


def test_every_rule_has_examples_or_is_shown_by_a_test() -> None:
    assert {rule.code for rule in RULES if not rule.bad} == SHOWN_BY_TESTS.keys()
    assert PLACES.keys() == {rule.code for rule in WITH_EXAMPLES}


def test_every_code_in_the_source_has_one_rule() -> None:
    known = [rule.code for rule in RULES]
    assert known == sorted(set(known))
    named: set[str] = set()
    for file in (ROOT / "modelspec").rglob("*.py"):
        named.update(re.findall(r"\"(MS[0-9]{3})\"", file.read_text(encoding="utf-8")))
    assert named == set(known)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_has_a_page(rule: Rule) -> None:
    assert rule.title.endswith(".")
    assert len(rule.title) <= 80
    assert rule.text.strip()
    assert not any(line.endswith(" ") for line in rule.text.split("\n"))


def test_faults_of_early_stages_are_errors() -> None:
    assert {rule.severity for rule in RULES if rule.code < "MS3"} == {Severity.ERROR}


def test_the_page_of_rules_is_up_to_date() -> None:
    script = ROOT / "docs" / "generate_rules.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, check=False)
    assert done.returncode == 0, "run: python docs/generate_rules.py"

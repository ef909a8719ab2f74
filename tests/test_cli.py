"""Every command: what it answers, in which form, what it refuses, and how it exits."""

import csv
import io
import json
import re
from importlib.resources import files

import jsonschema
import pytest

from supplynet import __version__
from supplynet.cli import cli, main
from supplynet.examples import examples

SCHEMA = json.loads(files("supplynet").joinpath("schemas/answer.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SHIPPED = ("rare_earth_magnets", "recycling_loop", "worked_example")

QUESTION = {
    "target", "by", "on", "end_use", "destination", "measures", "coverage", "threshold",
    "max_order", "max_gaps",
}  # fmt: skip
BASIS = {"gaps", "supplier_lists_assumed_complete", "illustrative", "not_running"}
RESULT = {
    "cutsets": {
        "status", "complete", "complete_to", "max_order", "count", "by_order", "cut_sets",
        "assumed", "method", "possible", "blind_spots", "own",
    },
    "chokepoints": {
        "status", "chokepoints", "own", "aggregates", "blind_spots", "not_running",
    },
    "whatif": {"lost", "blocked", "stopped", "possibly_stopped", "targets"},
    "control": {"nodes"},
    "validate": {"findings", "columns"},
}  # fmt: skip
CHOKEPOINT = {
    "unit", "label", "kind", "certainty", "evidence", "nodes", "stages", "stops", "because",
    "gaps",
}  # fmt: skip

NODES = """\
id,name,stage,country,upstream
mine,=Mine,mine,AU,none
mill,Mill <b>|x|</b>,smelter,CN,recorded
mill_2,Mill two,smelter,JP,
maker,Maker,magnet,CN,recorded
chip,Chip \u202eplant,chip,TW,unknown
missile,Missile,weapon,US,recorded
"""
SUPPLIES = """\
supplier,consumer,material,confidence
mine,mill,ore,high
mill,maker,metal,high
mill_2,maker,metal,high
maker,missile,magnet,medium
chip,missile,chip,illustrative
"""


@pytest.fixture
def network(tmp_path):
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "nodes.csv").write_text(NODES, encoding="utf-8")
    (folder / "supplies.csv").write_text(SUPPLIES, encoding="utf-8")
    return folder


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.csv"
    path.write_text("supplier,consumer,share\na,b,1.3\nc,b,-1\n", encoding="utf-8")
    return path


@pytest.fixture
def run(capsys):
    def call(*args):
        code = main([str(a) for a in args])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def answer(run):
    """Run a command for its JSON, checked against the schema that ships."""

    def call(*args):
        code, out, err = run(*args, "--format", "json")
        assert code == 0, err
        assert err == ""
        assert out.endswith("}\n")
        found = json.loads(out)
        VALIDATOR.validate(found)
        return found

    return call


@pytest.fixture
def refused(run):
    """Run a command that must be refused in one line, with nothing on stdout."""

    def call(*args):
        code, out, err = run(*args)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1
        assert "Traceback" not in err
        return err.rstrip("\n")

    return call


# The envelope


def commands_with_json():
    return [name for name, c in cli.commands.items() if "json" in formats_of(c)]


def formats_of(command):
    return next((p.type.choices for p in command.params if p.name == "form"), ())


def arguments(name, network, tmp_path):
    return {
        "examples": [],
        "init": [tmp_path / "made"],
        "whatif": [network, "--lose", "mill"],
        "convert": [network, tmp_path / "copy"],
        "view": [network, "-o", tmp_path / "view.html"],
        "merge": [network, "recycling_loop", "--prefer", "first", "-o", tmp_path / "merged"],
    }.get(name, [network])


@pytest.mark.parametrize("name", commands_with_json())
def test_the_envelope_of_every_command(name, network, tmp_path, answer):
    found = answer(name, *arguments(name, network, tmp_path))
    assert list(found) == [
        *("supplynet", "schema", "command", "network", "question", "basis", "result")
    ]
    assert (found["supplynet"], found["schema"], found["command"]) == (__version__, 1, name)
    assert list(found["network"]) == ["name", "title", "digest", "as_of"]
    assert RESULT.get(name, set()) <= set(found["result"])
    if found["question"] is not None:
        assert set(found["question"]) >= QUESTION
    if name in ("chokepoints", "cutsets"):
        assert set(found["question"]) == QUESTION
        assert set(found["basis"]) == BASIS


def test_every_command_is_in_the_schema():
    assert set(SCHEMA["properties"]["command"]["enum"]) == set(cli.commands)
    assert set(cli.commands) == {
        *("examples", "init", "validate", "info", "chokepoints", "cutsets", "whatif", "explain"),
        *("centrality", "control", "concentration", "report", "view", "merge", "convert"),
    }


WRITERS = ("init", "convert", "merge", "view")


@pytest.mark.parametrize("name", sorted(set(commands_with_json()) - set(WRITERS)))
def test_the_same_input_gives_the_same_bytes(name, network, tmp_path, run):
    args = [name, *arguments(name, network, tmp_path)]
    for form in formats_of(cli.commands[name]):
        if (name, form) == ("report", "csv"):
            continue
        first = run(*args, "--format", form)
        assert first[0] == 0, first[2]
        assert run(*args, "--format", form) == first


@pytest.mark.parametrize(
    "args",
    [
        ("init", "{out}/net"),
        ("view", "{net}", "-o", "{out}/view.html"),
        ("report", "{net}", "-o", "{out}/report/"),
        ("convert", "{net}", "{out}/folder"),
        ("convert", "{net}", "{out}/net.graphml"),
        ("convert", "{net}", "{out}/gephi", "--to", "gephi"),
    ],
)
def test_the_same_input_gives_the_same_files(args, network, tmp_path, run):
    written = []
    for name in ("one", "two"):
        out = tmp_path / name
        out.mkdir()
        code, _, err = run(*(a.format(net=network, out=out) for a in args))
        assert code == 0, err
        files_made = sorted(p for p in out.rglob("*") if p.is_file())
        written.append({p.relative_to(out): p.read_bytes() for p in files_made})
    assert written[0]
    assert written[0] == written[1]


def test_chokepoints_in_json(network, answer):
    result = answer("chokepoints", network)["result"]
    assert [(c["unit"], c["certainty"], c["gaps"]) for c in result["chokepoints"]] == [
        ("maker", "certain", []),
        ("chip", "assumed", []),
        ("mill", "possible", ["upstream:mill_2"]),
        ("mine", "possible", ["upstream:mill_2"]),
    ]
    assert all(set(c) >= CHOKEPOINT for c in result["chokepoints"])
    assert result["own"] == ["missile"]
    assert result["blind_spots"] == ["upstream:chip"]


def test_cutsets_in_json(network, answer):
    result = answer("cutsets", network)["result"]
    assert result["cut_sets"] == [["chip"], ["maker"], ["mill", "mill_2"], ["mill_2", "mine"]]
    assert result["assumed"] == [["chip"]]
    assert (result["count"], result["by_order"]) == (4, {"1": 2, "2": 2})
    assert (result["complete"], result["complete_to"]) == (True, 2)


def test_count_leaves_out_the_lists_and_keeps_the_blind_spots(network, answer, run):
    result = answer("cutsets", network, "--count")["result"]
    assert result["count"] == 4
    assert not {"cut_sets", "assumed", "possible"} & set(result)
    assert result["blind_spots"] == ["upstream:chip"]
    assert run("cutsets", network, "--count", "--format", "csv")[1] == "order,cut_sets\n1,2\n2,2\n"


def test_a_list_cut_short_says_so(network, answer, run):
    result = answer("cutsets", network, "--limit", "1")["result"]
    assert result["complete"] is False
    assert len(result["cut_sets"]) == 1
    text = run("cutsets", network, "--limit", "1")[1]
    assert "search complete up to order 2, LIST CUT SHORT: 1 of 4 are listed" in text
    assert "; 3 certain, 1 assumed" in text
    assert (result["count"], result["assumed_count"]) == (4, 1)
    assert run("cutsets", network, "--limit", "1", "--fail-on", "incomplete")[0] == 1
    assert run("cutsets", network, "--fail-on", "incomplete")[0] == 0
    whole = run("cutsets", network, "--format", "json", "--limit", "4")
    assert whole == run("cutsets", network, "--format", "json")


def test_a_short_list_hides_no_certain_finding_from_fail_on(network, run):
    # The one set that is listed is an assumed one; a certain one comes after it.
    assert run("cutsets", network, "--limit", "1", "--fail-on", "certain")[0] == 1


def test_a_count_is_no_list_cut_short(network, answer, run):
    result = answer("cutsets", network, "--count")["result"]
    assert (result["complete"], result["count"], result["assumed_count"]) == (True, 4, 1)
    assert "cut_sets" not in result
    assert "CUT SHORT" not in run("cutsets", network, "--count")[1]


def test_the_smallest_and_the_cheapest(tmp_path, run, refused, answer):
    least = answer("cutsets", "worked_example", "--minimum", "--max-order", "4")["result"]
    assert least["cut_sets"] == [["cofe"]]
    costs = tmp_path / "costs.csv"
    nodes = ("mine_x", "mine_y", "sep_a", "sep_b", "metal_a", "metal_b", "magnet_1", "magnet_2")
    rows = [f"{node},1" for node in nodes]
    costs.write_text("\n".join(["unit,cost", *rows, "cofe,2.5"]) + "\n")
    asked = ("cutsets", "worked_example", "--weights", str(costs), "--limit", "4")
    found = answer(*asked)["result"]
    assert found["costs"] == ["2", "2", "2", "2"]
    assert found["cost_bound"] == "2.5"
    text = run(*asked)[1]
    assert "Any cut set that is not listed costs 2.5 or more." in text
    assert "magnet_1 + magnet_2  2" in text
    costs.write_text("unit,cost\ncofe,free\n")
    assert "costs.csv:2: the cost of cofe is 'free'" in refused(*asked)


def test_a_limit_of_time_is_told(answer, refused):
    found = answer("cutsets", "worked_example", "--time-limit", "60")["result"]
    assert (found["complete"], found["count"]) == (True, 5)
    assert "range" in refused("cutsets", "worked_example", "--time-limit", "0")


def test_each_unit_is_lost_in_turn(answer, run, refused):
    each = answer("whatif", "worked_example", "--each")["result"]["each"]
    assert (each[0]["unit"], each[0]["stopped"], each[0]["targets"]) == ("cofe", 3, ["missile"])
    assert len(each) == 10
    text = run("whatif", "worked_example", "--each")[1]
    assert "The other 9 units stop nothing else, on the record." in text
    assert run("whatif", "worked_example", "--each", "--fail-on", "certain")[0] == 1
    assert "Leave out --lose" in refused("whatif", "worked_example", "--each", "--lose", "cofe")
    assert "Give --lose UNIT, or --each" in refused("whatif", "worked_example")


def test_a_limit_on_a_count_is_refused(network, refused):
    assert "Leave one out" in refused("cutsets", network, "--count", "--limit", "1")


def test_a_search_cut_short_says_what_is_missing(network, run, monkeypatch):
    import dataclasses

    import supplynet.analysis.cutsets as engine

    search = engine.minimal_cut_sets

    def short(*args, **options):
        return dataclasses.replace(
            search(*args, **options), complete=False, complete_to=1, possible_complete_to=0
        )

    monkeypatch.setattr(engine, "minimal_cut_sets", short)
    text = run("cutsets", network)[1]
    assert "SEARCH INCOMPLETE: cut short, complete only up to order 1 of 2" in text
    assert "units together with gaps was CUT SHORT: it is not complete at any order" in text
    points = engine.single_points_of_failure

    def few(*args, **options):
        return dataclasses.replace(points(*args, **options), complete=False)

    monkeypatch.setattr(engine, "single_points_of_failure", few)
    assert "THE SEARCH WAS CUT SHORT: findings are missing" in run("chokepoints", network)[1]


def test_text_names_what_is_outside_the_answer(network, run):
    with (network / "supplies.csv").open("a", encoding="utf-8") as file:
        file.write("mine,elsewhere,ore,high\n")
    with (network / "nodes.csv").open("a", encoding="utf-8") as file:
        file.write("elsewhere,Elsewhere,mill,CN,recorded\n")
    (network / "needs.csv").write_text(
        "consumer,material,suppliers\nmissile,radar,not_modelled\nelsewhere,acid,not_modelled\n",
        encoding="utf-8",
    )
    for command in (["chokepoints"], ["cutsets"], ["explain"], ["whatif", "--lose", "mill"]):
        text = run(command[0], network, *command[1:], "--target", "missile")[1]
        assert "Not modelled, so no part of this answer\n  - missile/radar\n" in text
        assert "elsewhere/acid" not in text
    for command in ("chokepoints", "cutsets"):
        text = run(command, network, "--target", "missile")[1]
        assert re.search(r"Not upstream, so not judged: 1 node without .*\nelsewhere\n", text)


def test_what_a_table_cannot_hold_is_told_beside_it(network, tmp_path, run):
    folder = tmp_path / "gap"
    folder.mkdir()
    (folder / "supplies.csv").write_text("supplier,consumer\na,b\n", encoding="utf-8")
    (folder / "needs.csv").write_text(
        "consumer,material,suppliers\nt,y,\nt,z,not_modelled\n", encoding="utf-8"
    )
    (folder / "nodes.csv").write_text("id\na\nb\nt\n", encoding="utf-8")
    for command in ("chokepoints", "cutsets"):
        code, out, err = run(command, folder, "--target", "t", "--format", "csv")
        assert (code, out.count("\n")) == (0, 1)
        assert err == (
            "not in the table: status possibly_stopped; 1 blind spot; 1 need not modelled "
            "(--format json has all).\n"
        )
        assert run(command, folder, "--target", "t")[2] == ""
    assert "cut short" in run("cutsets", network, "--limit", "1", "--format", "csv")[2]
    assert run("chokepoints", "worked_example", "--format", "csv")[2] == ""


def test_a_need_met_only_by_an_unlisted_supplier_says_so(network, run):
    (network / "needs.csv").write_text("consumer,material\nmissile,radar\n", encoding="utf-8")
    text = run("explain", network, "--lose", "maker")[1]
    assert re.search(r"radar +a supplier not on record, if there is one", text)


def test_counts_that_no_float_holds_are_text():
    from supplynet.cli.shell import _exact

    assert _exact({"a": [2**53, 2**53 + 1, True]}) == {"a": [2**53, str(2**53 + 1), True]}


def test_whatif_and_explain(network, answer, run):
    found = answer("whatif", network, "--lose", "mill", "--lose", "mill_2")
    assert found["result"]["lost"] == ["mill", "mill_2"]
    assert found["result"]["stopped"] == ["maker", "missile"]
    assert found["question"]["target"] == "missile"
    assert found["result"]["targets"][0]["status"] == "stopped"
    result = answer("explain", network, "--lose", "maker")["result"]
    assert result["certainty"] == "certain"
    assert result["because"][0]["need"] == "magnet"
    text = run("explain", network, "--lose", "maker")[1]
    assert "missile stops without maker, however the gaps turn out." in text


def test_control(network, answer):
    nodes = {n["id"]: n for n in answer("control", network)["result"]["nodes"]}
    assert nodes["mill"]["country"] == "CN"
    assert ("CN", "territory") in {
        (lever["government"], lever["kind"]) for lever in nodes["mill"]["levers"]
    }


# Words


def test_text_says_what_an_answer_rests_on(network, run):
    code, out, err = run("chokepoints", network)
    assert (code, err) == (0, "")
    for words in (
        "measures: ignored",
        "no date (no row is dated)",
        "2 nodes stop missile alone: 1 certain, 1 assumed",
        "Possible: stops the target if the gap beside it turns out badly",
        "Blind spots: each stops missile on its own",
        "upstream:chip: what chip needs is not recorded in full",
        "The target's own",
    ):
        assert words in out


def test_an_empty_answer_is_written_out(tmp_path, run):
    path = tmp_path / "two.csv"
    rows = "supplier,consumer,material\na,t,x\nb,t,x\n"
    path.write_text(rows, encoding="utf-8")
    out = run("cutsets", path, "--max-order", "1")[1]
    assert "No cut set of order <= 1 by node; search complete up to order 1." in out
    assert "That is not to say that nothing does. Open: 2 possible findings; 2 gaps upstream" in out
    assert "No node stops t alone on the network as recorded" in run("chokepoints", path)[1]


@pytest.mark.parametrize("form", ["text", "md", "csv", "json"])
@pytest.mark.parametrize("name", ["chokepoints", "cutsets", "control", "whatif"])
def test_nothing_hidden_reaches_the_terminal(name, form, network, tmp_path, run):
    out = run(name, *arguments(name, network, tmp_path), "--format", form)[1]
    assert "\x1b" not in out
    if form in ("text", "md"):
        assert "\u202e" not in out


def test_markdown_and_csv_hold_hostile_names(network, run):
    markdown = run("chokepoints", network, "--format", "md", "--by", "node")[1]
    assert "<b>" not in markdown
    table = [line for line in markdown.splitlines() if line.startswith("| mill ")]
    assert table
    cells = re.split(r"(?<!\\)\|", table[0].strip("|"))
    header = next(x for x in markdown.splitlines() if x.startswith("| unit | name |"))
    assert len(cells) <= header.count("|")
    rows = list(csv.DictReader(io.StringIO(run("chokepoints", network, "--format", "csv")[1])))
    labels = {row["unit"]: row["label"] for row in rows}
    assert labels["mine"] == "'=Mine"
    assert labels["mill"] == "Mill <b>|x|</b>"


# Exit codes and refusals


@pytest.mark.parametrize(
    ("level", "code"), [("certain", 1), ("assumed", 1), ("possible", 1), ("incomplete", 0)]
)
def test_fail_on(level, code, network, run):
    assert run("chokepoints", network, "--fail-on", level)[0] == code
    assert run("cutsets", network, "--fail-on", level)[0] == code


def test_fail_on_looks_at_certainty(tmp_path, run):
    path = tmp_path / "two.csv"
    path.write_text("supplier,consumer,material\na,t,x\nb,t,x\n", encoding="utf-8")
    assert run("chokepoints", path, "--fail-on", "assumed")[0] == 0
    assert run("chokepoints", path, "--fail-on", "possible")[0] == 1
    assert run("whatif", path, "--lose", "a", "--fail-on", "certain")[0] == 0
    assert run("whatif", path, "--lose", "a", "--lose", "b", "--fail-on", "certain")[0] == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--measures", "in_force"], "--measures in_force cannot be answered by this version"),
        (["--measures", "maybe"], "neither 'ignored' nor 'in_force'"),
        (["--end-use", "defence"], "--end-use defence cannot be answered by this version"),
        (["--destination", "US"], "--destination US cannot be answered by this version"),
        (["--coverage", "90"], "coverage is 90, must be above 0 and at most 1"),
        (["--coverage", "0,5"], "coverage is 0,5, must be above 0 and at most 1"),
        (["--by", "measure"], "--by measure cannot be answered by this version"),
        (["--by", "contry"], "Did you mean 'country'?"),
        (["--target", "misile"], "Did you mean 'missile'?"),
        (["--on", "01/02/2026"], "no date"),
        (["--max-gaps", "-1"], "--max-gaps"),
        (["--tarjet", "x"], "--target"),
    ],
)
def test_what_is_not_answered_is_refused(args, words, network, refused):
    assert words in refused("chokepoints", network, *args)
    assert words in refused("cutsets", network, *args)


@pytest.mark.parametrize("name", ["whatif", "explain", "report", "view"])
@pytest.mark.parametrize("option", ["--end-use", "--measures", "--destination"])
def test_every_question_refuses_measures(name, option, network, tmp_path, refused):
    err = refused(name, *arguments(name, network, tmp_path), option, "in_force")
    assert f"{option} in_force cannot be answered by this version" in err
    assert not (tmp_path / "view.html").exists()


@pytest.mark.parametrize("name", ["report", "view"])
def test_a_report_and_a_view_take_no_coverage_yet(name, network, tmp_path, refused):
    err = refused(name, *arguments(name, network, tmp_path), "--coverage", "0.5")
    assert "--coverage 0.5 cannot be answered by this version" in err
    assert "cutsets, whatif and explain take it" in err
    assert not (tmp_path / "view.html").exists()


@pytest.fixture
def shared(tmp_path):
    """One supplier of 94 %, one of the rest, and a need of which no share is recorded."""
    path = tmp_path / "shared.csv"
    text = "supplier,consumer,material,share\na,t,x,0.94\nb,t,x,\nc,t,y,\nd,t,y,\n"
    path.write_text(text, encoding="utf-8")
    return path


def test_coverage_finds_what_a_small_second_supplier_hides(shared, run, answer):
    asked = ("--target", "t", "--coverage", "0.50")
    plain = answer("chokepoints", shared, "--target", "t")
    assert (plain["question"]["coverage"], plain["result"]["uninformative"]) == (None, [])
    assert [p["unit"] for p in plain["result"]["chokepoints"] if not p["gaps"]] == []
    found = answer("chokepoints", shared, *asked)
    assert found["question"]["coverage"] == "0.5"
    (point,) = [p for p in found["result"]["chokepoints"] if not p["gaps"]]
    assert (point["unit"], point["because"]) == (
        "a",
        [{"node": "t", "need": "x", "failed_supplies": ["a>t:x"], "delivered": "0.06"}],
    )
    assert found["result"]["uninformative"] == ["t/y"]
    assert ["a"] in answer("cutsets", shared, *asked)["result"]["cut_sets"]
    lost = answer("whatif", shared, "--lose", "a", *asked)
    assert lost["question"]["coverage"] == "0.5"
    assert lost["result"]["targets"][0]["status"] == "stopped"
    why = answer("explain", shared, "--lose", "a", *asked)["result"]
    assert (why["status"], why["because"]) == ("stopped", point["because"])
    assert why["held"] == [
        {"node": "t", "need": "y", "supplies": ["c>t:y", "d>t:y"], "delivered": "1"}
    ]


def test_coverage_in_words(shared, run):
    asked = ("--target", "t", "--coverage", "0.5")
    rest = (
        "Coverage is uninformative here: 1 need with less than half of the shares recorded\nt/y\n"
    )
    for name, more, words in (
        ("chokepoints", (), "t gets only 0.06 of its x"),
        ("cutsets", (), "shares:t/y"),
        ("whatif", ("--lose", "a"), "stops"),
        ("explain", ("--lose", "a"), "  t     x                0.06   a>t:x"),
    ):
        code, out, _ = run(name, shared, *more, *asked)
        assert code == 0
        assert ", measures: ignored, coverage: 0.5 of each intake\n" in out
        assert words in out
        assert rest in out
    _, out, err = run("cutsets", shared, *asked, "--format", "csv")
    assert "1 need with few shares recorded" in err
    assert run("explain", shared, "--lose", "a", *asked, "--format", "csv")[1] == (
        "node,need,failed_supplies,delivered\nt,x,a>t:x,0.06\n"
    )
    _, out, _ = run("explain", shared, *asked)
    assert "shares:t/y: who holds the unrecorded part of y at t is not known" in out
    _, out, _ = run("explain", shared, "--lose", "a", *asked)
    assert "  need  share  met by\n  y     1      c>t:y, d>t:y" in out


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("--target", ("missile", "maker")),
        ("--by", ("node", "country")),
        ("--on", ("1", "2")),
        ("--coverage", ("0.5", "0.9")),
    ],
)
@pytest.mark.parametrize("name", ["chokepoints", "cutsets", "explain"])
def test_a_second_value_is_not_dropped_in_silence(name, option, values, network, refused):
    first, second = values
    err = refused(name, network, option, first, option, second)
    assert f"{option} is given as {first}, {second}. {name} takes one" in err


def test_the_same_value_twice_is_one(network, run):
    twice = run("chokepoints", network, "--target", "missile", "--target", "missile")
    assert twice == run("chokepoints", network, "--target", "missile")


def test_warnings_about_the_data_go_with_every_answer(network, run):
    (network / "nodes.csv").write_text(NODES.replace("country", "contry"), encoding="utf-8")
    code, out, err = run("chokepoints", network, "--format", "json")
    assert code == 0
    VALIDATOR.validate(json.loads(out))
    assert err == (
        "warning: nodes.csv:1: unknown column 'contry' is kept as an extra. "
        "Did you mean 'country'?\n"
    )
    columns = "id,contry,stge,oprator,statuss,upstraem\n"
    rows = "".join(f"{line.split(',')[0]},,,,,\n" for line in NODES.splitlines()[1:])
    (network / "nodes.csv").write_text(columns + rows, encoding="utf-8")
    *shown, last = run("chokepoints", network)[2].splitlines()
    assert len(shown) == 3
    assert last == f"and 2 more; supplynet validate {network} lists all."


def test_a_refusal_is_a_sentence(network, tmp_path, refused):
    for args in (
        ("chokepoints", network, "--on", "2026"),
        ("chokepoints", network, "--by", "contry"),
        ("chokepoints", network, "extra"),
        ("report", network, "--format", "csv"),
    ):
        assert re.search(r"[.?](?: See supplynet \w+ --help\.)?$", refused(*args))


def test_measures_ignored_is_taken(network, run):
    plain = run("cutsets", network, "--format", "json")
    assert run("cutsets", network, "--format", "json", "--measures", "ignored") == plain


def test_unknown_names(network, tmp_path, refused):
    assert "Did you mean 'chokepoints'?" in refused("chokepoint", network)
    assert "Did you mean 'worked_example'?" in refused("info", "worked_exampel")
    assert f"Did you mean '{network}'?" in refused("info", f"{network}s")
    assert "Did you mean 'mill'?" in refused("whatif", network, "--lose", "mil")
    assert "Missing argument 'NETWORK'" in refused("info")
    assert "--lose" in refused("whatif", network)


def test_a_name_instead_of_an_id(network, tmp_path, refused):
    (network / "entities.csv").write_text("id,name\nx1,Mill Group\n", encoding="utf-8")
    nodes = NODES.replace("upstream", "upstream,operator").replace("CN,recorded", "CN,recorded,x1")
    rows = [
        line if "x1" in line or "operator" in line else f"{line}," for line in nodes.split("\n")
    ]
    (network / "nodes.csv").write_text("\n".join(rows[:-1]) + "\n", encoding="utf-8")
    for lose, by, known in (
        ("mill TWO", "node", "mill_2"),
        ("China", "country", "CN"),
        ("china", "controller", "CN"),
        ("Mill Group", "operator", "x1"),
    ):
        err = refused("whatif", network, "--lose", lose, "--by", by)
        assert err.startswith(f"supplynet: no {by} {lose!r}. Give its id: {known!r}.")
    (network / "nodes.csv").write_text(NODES.replace("missile,Missile", "missile,Big One"), "utf-8")
    view = ["view", network, "-o", tmp_path / "v.html"]
    cut = ["centrality", network, "--measure", "minimum_vertex_cut"]
    for command in (["chokepoints", network], ["explain", network], ["report", network], view, cut):
        assert "Give its id: 'missile'" in refused(*command, "--target", "Big One")
    assert "Give its id" not in refused("chokepoints", network, "--target", "Small One")


def test_several_targets_must_be_chosen_from(tmp_path, refused, answer):
    path = tmp_path / "s.csv"
    path.write_text("supplier,consumer,material\na,t1,x\na,t2,x\n", encoding="utf-8")
    err = refused("chokepoints", path)
    assert "t1" in err
    assert "t2" in err
    found = answer("whatif", path, "--lose", "a")
    assert [t["target"] for t in found["result"]["targets"]] == ["t1", "t2"]
    assert found["question"]["target"] is None
    assert found["question"]["targets"] == ["t1", "t2"]


def test_bad_input_is_one_line_a_finding_and_no_answer(broken, run):
    code, out, err = run("chokepoints", broken)
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("broken.csv:2: ")
    assert lines[1].startswith("broken.csv:3: ")


def test_validate_answers_even_of_a_broken_network(broken, run):
    code, out, err = run("validate", broken, "--format", "json")
    found = json.loads(out)
    VALIDATOR.validate(found)
    assert code == 2
    assert len(err.splitlines()) == 2
    assert [f["where"] for f in found["result"]["findings"]] == ["broken.csv:2", "broken.csv:3"]
    assert set(found["network"].values()) == {None}
    code, out, err = run("validate", broken)
    assert code == 2
    assert "cannot be used: 2 errors" in out


def test_validate_lists_what_became_of_each_column(tmp_path, answer, run):
    path = tmp_path / "s.csv"
    path.write_text("From,consumer,colour,percent\na,b,red,50\n", encoding="utf-8")
    columns = answer("validate", path)["result"]["columns"]
    assert {(c["given"], c["used_as"], c["how"]) for c in columns} == {
        ("From", "supplier", "renamed"),
        ("consumer", "consumer", "used"),
        ("colour", "colour", "set aside"),
        ("percent", "share", "renamed"),
    }
    assert "From as supplier" in run("validate", path)[1]


def test_info_tells_what_was_understood(network, answer, run):
    result = answer("info", network)["result"]
    assert result["targets"] == ["missile"]
    assert result["tables"]["supplies"] == 5
    assert result["gaps"]["upstream"] == 2
    assert result["illustrative"] == 1
    assert f"supplynet chokepoints {network}" in run("info", network)[1]


def test_init_makes_a_network_that_answers(tmp_path, run, refused):
    folder = tmp_path / "mine"
    assert run("init", folder)[0] == 0
    assert run("validate", folder)[0] == 0
    assert run("chokepoints", folder)[0] == 0
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    refused("init", folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


# Where answers go


@pytest.mark.parametrize(
    ("name", "start"), [("a.json", "{"), ("a.csv", "unit,"), ("a.md", "Network"), ("a.txt", "Net")]
)
def test_the_file_name_says_the_format(name, start, network, tmp_path, run):
    out = tmp_path / name
    code, stdout, err = run("chokepoints", network, "-o", out)
    assert (code, stdout) == (0, "")
    assert err.splitlines()[0] == f"wrote {out}"
    assert len(err.splitlines()) == (2 if name == "a.csv" else 1)
    assert out.read_text("utf-8").startswith(start)


def test_the_file_holds_what_the_terminal_shows(network, tmp_path, run):
    out = tmp_path / "a.dat"
    run("cutsets", network, "-o", out, "--format", "json")
    assert out.read_text("utf-8") == run("cutsets", network, "--format", "json")[1]


def test_a_format_that_is_not_made_is_refused(network, tmp_path, refused):
    assert "Formats: text, json, csv, md" in refused(
        "chokepoints", network, "-o", tmp_path / "a.html"
    )
    assert "-o DIR/" in refused("report", network, "--format", "csv")


def test_an_unknown_ending_is_refused(network, tmp_path, refused, run):
    for name in ("chokepoints", "report"):
        out = tmp_path / "a.pdf"
        assert "no .pdf file is made here" in refused(name, network, "-o", out)
        assert not out.exists()
    assert ".html file" in refused("view", network, "-o", tmp_path / "v.txt")
    assert not (tmp_path / "v.txt").exists()
    assert run("chokepoints", network, "-o", tmp_path / "plain")[0] == 0
    assert run("chokepoints", network, "-o", tmp_path / "a.pdf", "--format", "md")[0] == 0


def test_an_input_is_not_overwritten(network, refused, run):
    supplies = network / "supplies.csv"
    before = supplies.read_bytes()
    for out in (supplies, network / "report.md"):
        assert "is part of the input" in refused("chokepoints", network, "-o", out)
    assert "is part of the input" in refused("view", network, "-o", network / "v.html")
    assert "is part of the input" in refused("cutsets", supplies, "-o", supplies)
    assert supplies.read_bytes() == before
    assert run("chokepoints", network, "-o", network / "report.md", "--force")[0] == 0


def test_a_failure_leaves_the_old_file(network, tmp_path, refused):
    out = tmp_path / "a.json"
    out.write_text("old", encoding="utf-8")
    refused("chokepoints", network, "--target", "nobody", "-o", out)
    assert out.read_text("utf-8") == "old"


def test_an_internal_error_is_one_line_with_exit_3(network, run, monkeypatch):
    import supplynet.analysis.cutsets as engine

    def fails(*args, **options):
        raise RuntimeError("bug\x1b[2J")

    monkeypatch.setattr(engine, "single_points_of_failure", fails)
    code, out, err = run("chokepoints", network)
    assert (code, out) == (3, "")
    assert err.count("\n") == 1
    assert "internal error: RuntimeError: bug\\u001b[2J" in err
    monkeypatch.setenv("SUPPLYNET_DEBUG", "1")
    assert "Traceback" in run("chokepoints", network)[2]


def test_help_and_version(run):
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    assert all(name in out for name in cli.commands)
    assert run() == (0, out, "")
    assert run("--version")[1] == f"supplynet, version {__version__}\n"
    for name in cli.commands:
        assert run(name, "--help")[0] == 0


def test_only_a_terminal_gets_bold_and_a_word_of_patience(network, run, monkeypatch):
    import sys
    import time

    import supplynet.analysis.cutsets as engine

    plain = run("chokepoints", network)
    assert "\x1b" not in plain[1]
    search = engine.single_points_of_failure

    def slowly(*args, **options):
        time.sleep(0.2)
        return search(*args, **options)

    monkeypatch.setattr(engine, "single_points_of_failure", slowly)
    monkeypatch.setattr("supplynet.cli.shell._QUIET_SECONDS", 0.01)
    assert run("chokepoints", network) == plain
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    code, out, err = run("chokepoints", network)
    assert code == 0
    assert "\x1b[1mAnswer\x1b[0m" in out
    assert out.replace("\x1b[1m", "").replace("\x1b[0m", "") == plain[1]
    assert err == "supplynet chokepoints: still working; Ctrl-C stops it\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert run("chokepoints", network)[1] == plain[1]


# The shipped networks


def test_the_shipped_networks_are_listed(answer, run):
    assert set(examples()) >= set(SHIPPED)
    names = [e["name"] for e in answer("examples")["result"]["examples"]]
    assert names == list(examples())


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_networks_answer(name, answer):
    target = answer("info", name)["result"]["targets"][0]
    for by in ("node", "country", "controller"):
        points = answer("chokepoints", name, "--target", target, "--by", by)
        sets = answer("cutsets", name, "--target", target, "--by", by, "--max-order", "1")
        found = [*points["result"]["chokepoints"], *points["result"]["aggregates"]]
        alone = {c["unit"] for c in found if c["certainty"] != "possible"}
        assert {u for s in sets["result"]["cut_sets"] for u in s} == alone
        assert points["result"]["blind_spots"] == sets["result"]["blind_spots"]
    for command in ("validate", "info", "control", "concentration", "centrality", "report"):
        assert answer(command, name)["network"]["name"] == name


# convert


def test_convert_to_a_folder_keeps_the_digest(network, tmp_path, answer):
    copy = tmp_path / "copy"
    found = answer("convert", network, copy)
    assert found["result"] == {"to": "folder", "file": str(copy), "dropped": []}
    assert answer("info", copy)["network"]["digest"] == found["network"]["digest"]


def test_convert_to_graph_formats_says_what_is_left_out(network, tmp_path, answer, run):
    (network / "needs.csv").write_text("consumer,material\nmissile,magnet\n", encoding="utf-8")
    import networkx as nx

    target = tmp_path / "g.graphml"
    assert answer("convert", network, target)["result"]["dropped"] == ["needs: 1 row"]
    assert nx.read_graphml(target).number_of_edges() == 5
    out = run("convert", network, tmp_path / "gephi", "--to", "gephi")[1]
    assert "needs: 1 row" in out
    table = (tmp_path / "gephi" / "edges.csv").read_text("utf-8")
    edges = list(csv.DictReader(io.StringIO(table)))
    assert {(e["Source"], e["Target"]) for e in edges} >= {("mine", "mill"), ("maker", "missile")}


def test_convert_overwrites_no_network(network, tmp_path, run, refused):
    other = tmp_path / "other"
    run("init", other)
    before = {p.name: p.read_bytes() for p in other.iterdir()}
    for to in ("folder", "gephi"):
        refused("convert", network, other, "--to", to)
        refused("convert", other, other, "--to", to)
    refused("report", network, "-o", other)
    assert {p.name: p.read_bytes() for p in other.iterdir()} == before
    assert "leave out the date" in refused("convert", network, tmp_path / "x", "--on", "2026-01-01")


def test_convert_makes_no_folder_that_is_called_a_file(network, tmp_path, run, refused):
    for name in ("net.gml", "net.zip", "net.pdf", "net.csv"):
        assert "say what to write with --to" in refused("convert", network, tmp_path / name)
        assert not (tmp_path / name).exists()
    assert run("convert", network, tmp_path / "net.v2")[0] == 0
    assert (tmp_path / "net.v2" / "supplies.csv").exists()


@pytest.mark.parametrize("name", ["net.xlsx", "net.json", "net.graphml", "net.gexf"])
def test_convert_goes_by_the_ending_and_overwrites_no_file(name, network, tmp_path, run, refused):
    assert run("convert", network, tmp_path / name)[0] == 0
    before = (tmp_path / name).read_bytes()
    assert "the file exists" in refused("convert", "worked_example", tmp_path / name)
    assert (tmp_path / name).read_bytes() == before
    assert run("convert", "worked_example", tmp_path / name, "--force")[0] == 0
    assert run("info", tmp_path / name)[0] == 0


@pytest.fixture
def hands(tmp_path):
    """Write two partial networks that disagree on one country."""
    made = []
    for name, supplies, nodes in (
        ("mines", "mine,mill,ore", "mine,AU\nmill,CN"),
        ("mills", "mill,plant,metal", "mill,JP\nplant,"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "supplies.csv").write_text(f"supplier,consumer,material\n{supplies}\n")
        (folder / "nodes.csv").write_text(f"id,country\n{nodes}\n")
        made.append(folder)
    return made


def test_merge_refuses_what_hands_disagree_on(hands, tmp_path, run):
    code, out, err = run("merge", *hands, "-o", tmp_path / "all")
    assert (code, out) == (2, "")
    assert err.startswith("mines/nodes.csv:3: nodes: mill: country is CN, elsewhere JP")
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("all", "all/conflicts.csv"),
        ("all.xlsx", "all.xlsx.conflicts.csv"),
        ("all.json", "all.json.conflicts.csv"),
    ],
)
def test_merge_takes_one_hand_and_keeps_what_the_other_says(name, beside, hands, tmp_path, run):
    code, out, _ = run("merge", *hands, "-o", tmp_path / name, "--prefer", "mills")
    assert code == 0
    assert out.startswith("mines and mills are merged: 3 nodes, 2 supplies.")
    lines = (tmp_path / beside).read_text().splitlines()
    assert [line.split(",")[3:6] for line in lines[1:]] == [
        ["mines", "CN", "no"],
        ["mills", "JP", "yes"],
    ]
    assert run("info", tmp_path / name)[0] == 0


def test_info_asks_for_a_date_where_rows_are_dated_and_none_is_known(tmp_path, answer):
    file = tmp_path / "s.csv"
    file.write_text("supplier,consumer,start\na,b,2024-01-01\n")
    assert answer("info", file)["result"]["next"].endswith(" --on DATE")


def test_merge_wants_two_networks_and_a_place(hands, tmp_path, refused):
    assert "two networks or more" in refused("merge", hands[0], "-o", tmp_path / "x")
    assert "part of the input" in refused("merge", *hands, "-o", hands[0])
    assert "give a folder" in refused("merge", *hands, "-o", tmp_path / "x.graphml")


def test_convert_knows_its_forms(network, tmp_path, refused):
    assert "Did you mean 'graphml'?" in refused(
        "convert", network, tmp_path / "x", "--to", "grapml"
    )


def test_undirected_edges_are_refused_unless_told(tmp_path, run, refused):
    file = tmp_path / "graph.json"
    file.write_text(
        '{"directed": false, "nodes": [{"id": "a"}, {"id": "b"}],'
        ' "edges": [{"source": "a", "target": "b"}]}'
    )
    assert "undirected" in refused("convert", file, tmp_path / "net")
    code, _, err = run("convert", file, tmp_path / "net", "--undirected", "as_written")
    assert (code, "read as the supplier" in err) == (0, True)
    rows = (tmp_path / "net" / "supplies.csv").read_text().splitlines()
    assert rows[1].startswith("a>b:,a,b,")
    assert run("validate", file, "--undirected", "both")[0] == 0


def test_what_is_written_for_gephi_is_read_again(network, tmp_path, answer, run):
    run("convert", network, tmp_path / "gephi", "--to", "gephi")
    code, out, _ = run("cutsets", tmp_path / "gephi", "--format", "json")
    assert code == 0
    assert json.loads(out)["result"] == answer("cutsets", network)["result"]


@pytest.mark.parametrize("name", ["nodes.csv", "Supplies.CSV", "edges.csv", "network.toml"])
def test_a_folder_with_somebodys_tables_is_not_written_into(name, network, tmp_path, run, refused):
    other = tmp_path / "other"
    other.mkdir()
    (other / name).write_text("mine", encoding="utf-8")
    for command in (["convert", network, other, "--to", "gephi"], ["report", network, "-o", other]):
        assert "holds a network" in refused(*command)
    assert [p.name for p in other.iterdir()] == [name]
    assert (other / name).read_text("utf-8") == "mine"
    assert run("convert", network, other, "--to", "gephi", "--force")[0] == 0


# Views and measures of concentration


def test_centrality_and_the_graph_views(network, answer, run, refused):
    ranked = answer("centrality", network)["result"]
    assert (ranked["measure"], ranked["nodes"][0]["rank"]) == ("betweenness", 1)
    assert "view" in ranked["label"]
    found = answer("centrality", network, "--measure", "dominators")
    assert found["question"]["target"] == "missile"
    assert found["result"]["nodes"] == []
    assert "no sign of safety" in run("centrality", network, "--measure", "dominators")[1]
    cut = answer("centrality", network, "--measure", "minimum_vertex_cut", "--target", "maker")
    assert cut["result"]["nodes"] == ["mill", "mill_2"]
    assert answer("centrality", network, "--measure", "articulation_points")["result"]["nodes"]
    assert "Did you mean 'pagerank'?" in refused("centrality", network, "--measure", "page_rank")
    assert "whole graph" in refused("centrality", network, "--target", "maker")


def test_concentration(network, answer, run):
    stages = answer("concentration", network)["result"]["stages"]
    smelters = next(s for s in stages if (s["stage"], s["kind"]) == ("smelter", "country"))
    assert smelters["hhi_low"] == smelters["hhi_high"] == 0.5
    assert "smelter" in run("concentration", network)[1]
    rows = list(csv.DictReader(io.StringIO(run("concentration", network, "--format", "csv")[1])))
    assert {row["of"] for row in rows} >= {"mine", "smelter", "weapon"}

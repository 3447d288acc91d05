import dataclasses
import re
import xml.etree.ElementTree

import pytest

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.evaluation.distribution import Distribution
from nemotron_agent.evaluation.facts import CallFacts, TurnFacts
from nemotron_agent.evaluation.machine import machine_text
from nemotron_agent.evaluation.report import Confusion, write_report
from nemotron_agent.evaluation.run_settings import RunSettings
from nemotron_agent.evaluation.suite_run import scored_turns

from .lamp_robot import case, turn

SETTINGS = RunSettings('tiny <1B>', 'abcdef', seed=3, code='123', endpoint='http://x/v1')
FIGURES = [
    Figure('eval.tool', 0.5, 'share', 0.92, at_least=True),
    Figure('eval.crashes', 0, 'count', 0),
    Figure('eval.turns', 2, 'count'),
]


@pytest.fixture
def turns(load):
    entries = load(
        case(turn('Beep | <b>now</b>.', calls=['beep']), id='a'),
        case(turn('Red?', end='ask_or_decline'), id='b', tags=['ambiguous']),
    ).entries
    lamp = CallFacts('set_lamp', {'color': 'red'}, 'succeeded')
    facts = [
        TurnFacts((lamp,), answer='Done & <i>dusted</i>.', duration_sec=2.0, first_request_sec=1),
        TurnFacts(end='ask', duration_sec=4.0),
    ]
    return [
        scored
        for entry, each in zip(entries, facts, strict=True)
        for scored in scored_turns(entry, 0, [each.to_json()])
    ]


def test_a_report_needs_nothing_else(turns, tmp_path):
    html, markdown = write_report(tmp_path, 'suite', SETTINGS, turns, FIGURES)
    page = html.read_text()
    assert not re.search(r'(src|href)\s*=|@import|url\(', page)
    assert '<script' not in page
    assert '&lt;b&gt;now&lt;/b&gt;' in page
    assert '<b>now</b>' not in page
    for plot in re.findall(r'<svg.*?</svg>', page, re.DOTALL):
        xml.etree.ElementTree.fromstring(plot)
    assert page.count('<svg') >= 5
    for text in (page, markdown.read_text()):
        for word in ('eval.tool', '0.500', 'http://x/v1', 'seed 3', 'set_lamp', 'ambiguous'):
            assert word in text
        assert 'What went wrong (1 of 2)' in text


def test_the_markdown_keeps_its_tables(turns, tmp_path):
    _, markdown = write_report(tmp_path, 'suite', SETTINGS, turns, FIGURES)
    text = markdown.read_text()
    assert 'Beep \\| &lt;b>now&lt;/b>.' in text
    columns = None
    for line in text.splitlines():
        bars = len(re.findall(r'(?<!\\)\|', line))
        if not bars:
            columns = None
            continue
        columns = columns or bars
        assert bars == columns, line


def test_a_report_of_nothing(tmp_path):
    html, _ = write_report(tmp_path, 'suite', SETTINGS, [], FIGURES)
    assert '<p>Nothing.</p>' in html.read_text()


def test_repeats_are_told_apart(turns, tmp_path):
    again = [dataclasses.replace(each, repeat=1) for each in turns]
    html, _ = write_report(tmp_path, 'suite', SETTINGS, turns + again, FIGURES)
    assert 'seed 3, 4' in html.read_text()
    assert 'repeat 2' in html.read_text()


def test_a_folder_that_cannot_be_written(turns, tmp_path):
    with pytest.raises(ConfigurationError, match='cannot write .*report.html: No such file'):
        write_report(tmp_path / 'none', 'suite', SETTINGS, turns, FIGURES)


def test_confusion_counts_what_was_taken_for_what(turns):
    confusion = Confusion.of(turns)
    assert confusion.rows == ('beep', '(ask_or_decline)')
    assert confusion.columns == ('set_lamp', '(ask)')
    assert confusion.counts['beep', 'set_lamp'] == 1
    assert not confusion.is_large


def test_a_large_confusion_is_a_list():
    counts = {(f'f{n}', f'f{n}'): 2 for n in range(40)} | {('f1', 'f2'): 1, ('f3', '(ask)'): 3}
    counts['(ask_or_decline)', '(ask)'] = 4
    confusion = Confusion(tuple(f'f{n}' for n in range(40)), ('f1',), counts)
    assert confusion.is_large
    assert confusion.mistakes == [('f3', '(ask)', 3), ('f1', 'f2', 1)]


def test_numbers_in_short():
    assert Distribution.of([None]) is None
    spread = Distribution.of([4.0, None, 1.0, 2.0, 3.0])
    assert (spread.count, spread.mean, spread.median, spread.p90, spread.greatest) == (
        *(4, 2.5, 2.0),
        *(4.0, 4.0),
    )
    assert (sum(spread.bins), spread.bins[-1]) == (4, 1)
    assert Distribution.of([0.0, 0.0]).bins[0] == 2


def test_the_machine_is_named(tmp_path):
    cpuinfo = tmp_path / 'cpuinfo'
    cpuinfo.write_text('processor: 0\nmodel name\t: Fast 9000\n')
    assert machine_text(cpuinfo).startswith('Fast 9000 (')
    assert 'cores' in machine_text(tmp_path / 'none')

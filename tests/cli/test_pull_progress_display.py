import io

from rich.console import Console

from nemotron_agent.cli.pull_progress_display import LineDisplay


def shown(period_sec):
    text = io.StringIO()
    with LineDisplay(Console(file=text, width=40), period_sec) as display:
        display.note('asking [bold] somebody for a model with a very long name')
        for done in range(0, 2_000_001, 500_000):
            display.advance('downloading', done, 2_000_000)
        display.advance('checking', 0, 0)
    return text.getvalue().splitlines()


def test_lines_come_now_and_then():
    assert shown(period_sec=3600) == ['asking [bold] somebody for a model with a very long name']


def test_what_a_line_says():
    assert shown(period_sec=0)[1:] == [
        'downloading 0% of 2 MB',
        'downloading 25% of 2 MB',
        'downloading 50% of 2 MB',
        'downloading 75% of 2 MB',
        'downloading 100% of 2 MB',
        'checking 100% of 0 MB',
    ]

from nemotron_agent.core.shortened import LINE_CHARACTERS, one_line, shortened


def test_head_and_tail_of_a_long_text_stay():
    text = 'HEAD' + 'x' * 1000 + 'TAIL'
    short = shortened(text, 100)
    assert short.startswith('HEADx')
    assert short.endswith('xTAIL')
    assert '[... 908 characters left out ...]' in short
    assert short.count('x') == 92


def test_a_text_that_would_not_get_shorter_stays():
    assert shortened('x' * 100, 100) == 'x' * 100
    assert shortened('x' * 110, 100) == 'x' * 110


def test_the_first_line_stands_for_a_text():
    assert one_line('done') == 'done'
    assert one_line('\ndone\nthen much more') == 'done [...]'
    assert one_line('y' * 500) == 'y' * LINE_CHARACTERS + ' [...]'
    assert one_line('a\nb') == 'a\nb', 'the mark would make it longer'

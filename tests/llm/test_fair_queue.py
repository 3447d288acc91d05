import threading

from nemotron_agent.llm.fair_queue import FairQueue


def taken(queue):
    return [queue.get() for _ in range(len(queue))]


def test_the_highest_priority_goes_first_then_the_one_that_came_first():
    queue = FairQueue()
    for job, owner, priority in (('b', 'x', 0), ('c', 'y', 0), ('a', 'z', 1), ('d', 'w', -1)):
        queue.put(job, owner, priority)
    assert taken(queue) == ['a', 'b', 'c', 'd']


def test_the_conversation_served_longest_ago_goes_first():
    queue = FairQueue()
    queue.put('a1', 'a')
    queue.put('b1', 'b')
    assert taken(queue) == ['a1', 'b1']
    queue.put('b2', 'b')
    queue.put('a2', 'a')
    queue.put('new', 'c')
    assert taken(queue) == ['new', 'a2', 'b2']


def test_many_jobs_of_one_conversation_do_not_hold_up_another():
    queue = FairQueue()
    for number in range(5):
        queue.put(f'plan {number}', 'plan')
    assert queue.get() == 'plan 0'
    queue.put('short', 'other')
    assert queue.get() == 'short'


def test_a_low_priority_is_passed_over_so_often_and_no_more():
    queue = FairQueue(patience=3)
    queue.put('low', 'l', priority=-5)
    order = []
    for number in range(5):
        queue.put(number, 'h', priority=5)
        order.append(queue.get())
    assert order == [0, 1, 2, 'low', 3]


def test_those_that_came_before_do_not_count_as_passing_over():
    queue = FairQueue(patience=1)
    queue.put('high', 'h', priority=1)
    queue.put('low', 'l')
    queue.put('higher', 'h', priority=2)
    assert taken(queue) == ['higher', 'high', 'low']


def test_get_waits_for_a_job():
    queue = FairQueue()
    got = []
    thread = threading.Thread(target=lambda: got.append(queue.get()))
    thread.start()
    queue.put('job')
    thread.join(10)
    assert got == ['job']

import threading

from nemotron_agent.perception.fact_store import FactStore
from nemotron_agent.testing.condition import wait_for


def test_the_latest_is_known_with_its_age():
    store = FactStore()
    assert store.look_up('battery') is None
    store.put('battery', 0.5, age_sec=3.0)
    store.put('pose', {'x': 1.0}, frame='map')
    battery, pose = store.look_up('battery'), store.look_up('pose')
    assert battery.value == 0.5
    assert battery.age_sec >= 3.0
    assert (pose.value, pose.frame) == ({'x': 1.0}, 'map')
    wait_for(lambda: store.look_up('pose').age_sec > pose.age_sec)
    store.put('battery', None)
    assert store.look_up('battery').value is None


def test_a_stamp_of_the_future_does_not_make_a_fact_younger():
    store = FactStore()
    store.put('battery', 0.5, age_sec=-100.0)
    assert store.look_up('battery').age_sec >= 0.0


def test_threads_see_whole_facts():
    store = FactStore()
    seen = []

    def put(value):
        for _ in range(200):
            store.put('pose', value, frame=str(value))
            fact = store.look_up('pose')
            seen.append(str(fact.value) == fact.frame)

    threads = [threading.Thread(target=put, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(seen)

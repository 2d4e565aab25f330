from postroom.settings import Settings
from postroom.store import DeadLetters
from postroom.worker import Job, Worker


def test_what_is_answered_is_done():
    worker = Worker(Settings(), lambda url, body: 204, DeadLetters(), [Job("http://a", b"")])
    worker.work(0)
    assert not worker.waiting and not len(worker.dead)


def test_a_client_error_is_buried_at_once():
    worker = Worker(Settings(), lambda url, body: 404, DeadLetters(), [Job("http://a", b"")])
    worker.work(0)
    assert len(worker.dead) == 1


def test_a_server_error_is_tried_again():
    worker = Worker(Settings(), lambda url, body: 503, DeadLetters(), [Job("http://a", b"")])
    worker.work(0)
    assert [job.due for job in worker.waiting] == [2.0]

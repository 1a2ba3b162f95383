"""Files that keep the names that were sent get paths of their own, however many there are.

Source: attachment A-38 to A-41, A-92.
"""

import threading
from itertools import islice

import pytest
from webtest import TestApp

from kinto_attachment.checking import check
from kinto_attachment.names import NUMBERED, alternatives
from tests.plugins.attachment.conftest import NewSite
from tests.plugins.attachment.driving import BUCKET, FORM, Site, a_file, form

MANY = 6
ROUNDS = 5


@pytest.fixture(params=["sqlite", "postgresql"])
def named_site(request: pytest.FixtureRequest, make_site: NewSite) -> Site:
    """A site whose paths have the names that were sent."""
    values = {"attachment.randomize": "false"}
    if request.param == "postgresql":
        values["storage_url"] = request.getfixturevalue("postgresql_url")
    else:
        values["storage_url"] = f"sqlite:///{request.getfixturevalue('tmp_path')}/kinto.db"
    return make_site(values)


def test_one_name_in_many_collections_at_once(named_site: Site) -> None:
    for number in range(MANY):
        named_site.http.put_json(f"{BUCKET}/collections/c{number}", {})
    seen: list[int] = []
    paths: list[str] = []

    def send(number: int) -> None:
        http = TestApp(named_site.http.app)
        http.authorization = ("Basic", ("alice", "secret"))
        for count in range(ROUNDS):
            body = form(a_file(b"%d %d" % (number, count), "a.txt", "text/plain"))
            path = f"{BUCKET}/collections/c{number}/records/r{count}/attachment"
            answer = http.post(path, body, {"Content-Type": FORM}, status="*")
            seen.append(answer.status_code)
            if answer.status_code == 201:
                paths.append(answer.json["location"])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [201] * (MANY * ROUNDS)
    assert len(set(paths)) == len(paths)
    found = check(named_site.plugin, reads=True)
    assert (found.references, found.contents, found.unknown) == (len(paths), len(paths), 0)


def test_a_name_that_very_many_have_costs_no_more_and_more() -> None:
    found = list(islice(alternatives("b/c/a.txt"), NUMBERED + 10))
    assert found[:3] == ["b/c/a.txt", "b/c/a-1.txt", "b/c/a-2.txt"]  # attachment A-41
    assert found[NUMBERED] == f"b/c/a-{NUMBERED}.txt"
    assert len(set(found)) == len(found)
    assert all(path.startswith("b/c/a-") and path.endswith(".txt") for path in found[1:])
    assert len(found[-1]) > len(found[1]) + 20


def test_the_folder_has_the_id_of_the_real_bucket(make_site: NewSite) -> None:
    """attachment A-43, A-60"""
    values = {
        "attachment.folder": "{bucket_id}/{id}",
        "attachment.filename_pattern": "{rid}-{filename}",
    }
    site = make_site(values)
    answer = site.send(record="/v1/buckets/default/collections/notes/records/n/attachment")
    bucket_id = site.http.get("/v1/buckets/default").json["data"]["id"]
    assert f"/attachments/{bucket_id}/n/n-" in answer.json["location"]
    assert f"/buckets/{bucket_id}/" in answer.headers["Location"]
    assert site.get(answer.json["location"]).status_code == 200

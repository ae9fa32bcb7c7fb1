"""A link in a fresh browser: it begins its run once, and shows the same to everybody who opens it."""

import re

from playwright.sync_api import expect

from tests.browser.steps import SLOW, badge, no_exception

SHORT = "checkpoint=digits-gaussian-0.25&index=3&n=1,000&seed=21"
LONG = "checkpoint=digits-gaussian-0.25&index=3&n=10,000,000"


def count_of_jobs(server) -> int:
    import sqlite3

    with sqlite3.connect(server.home / "jobs.sqlite") as connection:
        return connection.execute("SELECT count(*) FROM jobs").fetchone()[0]


def test_a_link_runs_once_and_shows_the_same_after_reload_back_and_in_a_second_browser(
    page, browser, start_server
):
    server = start_server(RSVIZ_LINK_SECONDS="2")
    page.goto(f"{server}/certify?{LONG}")
    expect(page.get_by_text("Nothing was run with these settings yet")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("img", name="The image, labelled 8")).to_be_visible(timeout=SLOW)
    assert page.get_by_role("heading", name=re.compile("certified within")).count() == 0
    assert count_of_jobs(server) == 0

    page.goto(f"{server}/certify?{SHORT}")
    expect(badge(page, "Certificate")).to_be_visible(timeout=SLOW)
    headline = page.get_by_role("heading", name=re.compile("^8, certified within"))
    expect(headline).to_be_visible()
    said = headline.inner_text()
    assert re.search(r"[?&]job=[0-9a-f]{16}", page.url)
    page.reload()
    expect(headline).to_have_text(said, timeout=SLOW)
    page.go_back()  # to the link as it was opened
    expect(page).not_to_have_url(re.compile("job="), timeout=SLOW)
    expect(page.get_by_text("You ran these settings on this server")).to_be_visible(timeout=SLOW)
    expect(headline).to_have_text(said)
    no_exception(page)

    other = browser.new_context().new_page()
    other.goto(f"{server}/certify?{SHORT}")
    expect(other.get_by_text("Somebody ran these settings on this server")).to_be_visible(timeout=SLOW)
    expect(other.get_by_role("heading", name=re.compile("^8, certified within"))).to_have_text(said)
    other.context.close()
    page.go_back()
    expect(page.get_by_text("Nothing was run with these settings yet")).to_be_visible(timeout=SLOW)
    assert count_of_jobs(server) == 1
    no_exception(page)

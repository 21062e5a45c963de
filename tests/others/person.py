"""Somebody who reads a page and sends its form, without a browser."""

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin


class Form(HTMLParser):
    """The first form of a page: where it is sent, its fields, and what there is to choose from by its text."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.choices = None, {}, {}
        self.select, self.option = None, None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes["action"]
        elif tag == "input":
            self.fields[attributes["name"]] = attributes.get("value", "")
        elif tag == "select":
            self.select = attributes["name"]
        elif tag == "option":
            self.option = attributes["value"]

    def handle_data(self, data):
        if self.option:
            self.choices[data.strip()] = (self.select, self.option)
            self.option = None

    def choose(self, title):
        """Chooses the account of this title."""
        [(name, value)] = [choice for text, choice in self.choices.items() if text.startswith(f"{title}, ")]
        self.fields[name] = value


def send(session, url, title, fields):
    """Opens a page, chooses an account, fills the fields in, and sends the form; where that leads, unfollowed."""
    page = session.get(url)
    page.raise_for_status()
    form = Form(page.text)
    form.choose(title)
    form.fields |= fields
    return session.post(urljoin(url, form.action), data=form.fields, allow_redirects=False)


def link(session, fake, code, title):
    """Types a short code at the fake's plex.tv/link."""
    answer = send(session, f"{fake.url}/link", title, {"code": code.lower()})
    answer.raise_for_status()
    return answer.text


def sign_in(session, fake, url, title):
    """Signs in on the fake's hosted page, as its script would: with what stands in the fragment."""
    page, _, fragment = url.replace("https://app.plex.tv", fake.url, 1).partition("#")
    asked = dict(parse_qsl(fragment.lstrip("!?")))
    fields = {name: asked.get(name, "") for name in ["clientID", "code", "forwardUrl"]}
    answer = send(session, page, title, fields | {"answer": "allow"})
    answer.raise_for_status()
    return answer.headers.get("Location")

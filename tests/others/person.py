"""A user who opens a page and submits its form, without a browser."""

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin


class Form(HTMLParser):
    """The first form on a page: its URL, its fields, and its options by their text."""

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
        """Selects the account with this title."""
        [(name, value)] = [choice for text, choice in self.choices.items() if text.startswith(f"{title}, ")]
        self.fields[name] = value


def send(session, url, title, fields):
    """Opens a page, selects an account, fills in the fields, and submits the form without following a redirect."""
    page = session.get(url)
    page.raise_for_status()
    form = Form(page.text)
    form.choose(title)
    form.fields |= fields
    return session.post(urljoin(url, form.action), data=form.fields, allow_redirects=False)


def link(session, fake, code, title):
    """Enters a short code on the fake's link page, and returns the resulting page."""
    answer = send(session, f"{fake.url}/link", title, {"code": code.lower()})
    answer.raise_for_status()
    return answer.text


def sign_in(session, fake, url, title):
    """Signs in on the fake's hosted page, with the parameters in the fragment, as the script on the page would."""
    page, _, fragment = url.replace("https://app.plex.tv", fake.url, 1).partition("#")
    asked = dict(parse_qsl(fragment.lstrip("!?")))
    fields = {name: asked.get(name, "") for name in ["clientID", "code", "forwardUrl"]}
    answer = send(session, page, title, fields | {"answer": "allow"})
    answer.raise_for_status()
    return answer.headers.get("Location")

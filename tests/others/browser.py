"""A headless browser signs in on the fake's pages, for a program that uses this library."""

import os
import shutil
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from report import check

SECONDS = 60
BROWSERS = ["chromium", "chromium-browser", "google-chrome"]


def check_browser(fake, program):
    """Runs the browser checks, and returns whether a browser was available."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        print("skipped the browser checks: Chromium or its driver is not installed")
        return False
    with chromium(browser, driver) as window:
        version = window.capabilities["browserVersion"]
        print(f"in headless {window.capabilities['browserName']} {version}")
        hosted_page(fake, program, window)
        link_page(fake, program, window)
    return True


@contextmanager
def chromium(browser, driver):
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ["--headless=new", "--no-proxy-server", "--disable-dev-shm-usage"]:
        options.add_argument(argument)
    if os.geteuid() == 0:
        # Chromium's sandbox does not work for root.
        options.add_argument("--no-sandbox")
    window = webdriver.Chrome(options, webdriver.ChromeService(executable_path=driver))
    window.set_page_load_timeout(SECONDS)
    try:
        yield window
    finally:
        window.quit()


@contextmanager
def page_of_the_program():
    """Serves the page to which the browser returns; yields its URL and the list of requested paths."""
    came = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            if not self.path.startswith("/favicon"):
                came.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(b"<title>Welcome back</title><p>You can return to the program.</p>")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        server.server_close()


def choose(window, title):
    accounts = Select(window.find_element(By.NAME, "account"))
    [text] = [option.text for option in accounts.options if option.text.startswith(f"{title}, ")]
    accounts.select_by_visible_text(text)


def press(window, button):
    window.find_element(By.XPATH, f"//button[normalize-space()='{button}']").click()


def hosted_page(fake, program, window):
    with page_of_the_program() as (url, came):
        back = f"{url}/signed-in?state=a%26b&c=d#here"
        with program.running("log-in", "--plex-tv", fake.api, "--forward-to", back) as said:
            page = said()["page"]
            check("the hosted page is the fake's", page.startswith(f"{fake.url}/auth#?"))
            for button in ["Refuse", "Sign in"]:
                # Leave the page first. Otherwise, only its fragment would change, and it would not load again.
                window.get("about:blank")
                window.get(page)
                product = window.find_element(By.ID, "product").text
                check("a browser opens it, and it shows the name of the program", product, "Kites & Lanterns #1")
                choose(window, "tariq")
                press(window, button)
                WebDriverWait(window, SECONDS).until(lambda window: window.title == "Welcome back")
                check(f"... {button} leads to the program's page", window.current_url, back)
            check("... which is requested both times", came, ["/signed-in?state=a%26b&c=d"] * 2)
            check("the program has a token for that account", said()["account"], "tariq")


def link_page(fake, program, window):
    with program.running("log-in", "--plex-tv", fake.api) as said:
        shown = said()
        window.get(shown["picture"])
        width = window.execute_script("return document.images[0].naturalWidth")
        check("a browser shows the QR code", width > 100)
        window.get(shown["page"])
        typed = f" {shown['code'].lower()} "
        window.find_element(By.NAME, "code").send_keys(typed)
        choose(window, "rosa")
        press(window, "Link")
        WebDriverWait(window, SECONDS).until(lambda window: "signed in" in window.page_source)
        text = window.find_element(By.TAG_NAME, "p").text
        check("the user enters the code on the link page", text, "Kites & Lanterns #1 is now signed in as rosa.")
        check("the program has a token for that account", said()["account"], "rosa")

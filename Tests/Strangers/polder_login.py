"""Somebody at the keyboard of `polder login`.

  polder_login.py browser CA EMAIL PASSWORD-FILE ADDRESS      what $BROWSER is: logs in, and goes where that leads
  polder_login.py headless CA EMAIL PASSWORD-FILE POLDER…     runs polder, logs in at the address that it prints, pastes the result
"""
import os, re, subprocess, sys
import requests
from login import Browser

for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)  # they would win over the authority that is given
story, ca, email, password_file, *rest = sys.argv[1:]
password = open(password_file).read().strip()


def log_in(address):
    browser = Browser(re.match(r"https?://[^/]+", address)[0], ca)
    page = browser.get(address)
    assert page.status_code == 200, page.text
    answer = browser.submit(page, email=email, password=password)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


if story == "browser":
    target = log_in(rest[0])
    # A stranger's answer comes first: it must not end the wait.
    stray = requests.get(target.split("?")[0] + "?state=stray&code=stray")
    assert "not the login" in stray.text, stray.text
    page = requests.get(target)
    assert page.status_code == 200 and "go back to the terminal" in page.text, page.text
else:
    polder = subprocess.Popen(rest, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in polder.stderr:
        if line.startswith("http"):
            target = log_in(line.strip())
            break
    polder.stdin.write(target + "\n")
    polder.stdin.close()
    assert polder.wait() == 0, polder.stderr.read()

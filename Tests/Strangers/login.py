"""People log in, as strangers do it.

`Browser` is a browser without scripts: it keeps cookies, reads forms out of pages and sends them. `Tool` is the public command-line
tool: it behaves as the Go library golang.org/x/oauth2 does, credentials by Basic first and in the body if that is refused.

  login.py STORY SITE CA [ARGUMENT…]        prints "fine", or fails with a trace

The tool's own web server is not started: the port is fixed, and what it would be asked stands in the redirect.
"""
import base64, hashlib, html.parser, os, re, secrets, sys, urllib.parse
import jwt, requests


class Forms(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.forms, self.text, self.links = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.forms.append((attributes, {}))
        if tag == "input" and self.forms:
            self.forms[-1][1][attributes["name"]] = attributes.get("value", "")
        if tag == "a":
            self.links.append(attributes["href"])
        assert tag not in ("script", "iframe", "object", "img", "link"), tag

    def handle_data(self, data):
        self.text += data


class Browser:
    def __init__(self, site, ca):
        self.site, self.session = site, requests.Session()
        self.session.verify = ca

    def get(self, path):
        return self.seen(self.session.get(urllib.parse.urljoin(self.site, path), allow_redirects=False))

    def seen(self, answer):
        if answer.headers.get("content-type", "").startswith("text/html"):
            policy = answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and "unsafe" not in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "same-origin"
            style = answer.text.split("<style>")[1].split("</style>")[0]
            digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy, "the style sheet is the one that the policy names"
        for cookie in answer.raw.headers.getlist("set-cookie"):
            assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie, cookie
            if self.site.startswith("https"):
                assert cookie.startswith("__Host-") and "; Secure" in cookie, cookie
        return answer

    def submit(self, page, number=0, headers={}, **fields):
        """Fills in a form of a page and sends it where it says."""
        attributes, values = Forms(page.text).forms[number]
        assert attributes["method"] == "post"
        address = urllib.parse.urljoin(page.url, attributes["action"])
        origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(self.site))
        return self.seen(self.session.post(
            address, data={**values, **fields}, allow_redirects=False, headers={"origin": origin, **headers}))

    def cookies(self):
        return {cookie.name.removeprefix("__Host-"): cookie.value for cookie in self.session.cookies}


class Tool:
    """The public tool: no PKCE, client `cli`, an empty secret."""
    client, redirect = "cli", "http://localhost:10000"

    def __init__(self, site, ca):
        self.site, self.ca, self.state = site, ca, secrets.token_urlsafe(12)

    def address(self, **changes):
        query = {"access_type": "offline", "client_id": self.client, "prompt": "login", "redirect_uri": self.redirect,
                 "response_type": "code", "scope": "offline_access email", "state": self.state, **self.proof(), **changes}
        return "/auth/auth?" + urllib.parse.urlencode({k: v for k, v in query.items() if v is not None})

    def proof(self):
        return {}

    def arrived(self, answer):
        """What the tool's local server sees."""
        assert answer.status_code == 303, (answer.status_code, answer.text)
        address, _, query = answer.headers["location"].partition("?")
        assert address.rstrip("/") == self.redirect.rstrip("/"), address
        fields = dict(urllib.parse.parse_qsl(query, strict_parsing=True))
        assert fields["state"] == self.state
        return fields

    def ask(self, **form):
        """golang.org/x/oauth2 internal.RetrieveToken: first AuthStyleInHeader, then AuthStyleInParams."""
        form = {k: v for k, v in form.items() if v is not None}
        basic = base64.b64encode(f"{urllib.parse.quote_plus(self.client)}:".encode()).decode()
        answer = requests.post(self.site + "/auth/token", data=form, headers={"authorization": "Basic " + basic}, verify=self.ca)
        if answer.status_code != 200:
            answer = requests.post(self.site + "/auth/token", data={**form, "client_id": self.client}, verify=self.ca)
        return answer

    def exchange(self, code, **changes):
        return self.ask(**{"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect, **changes})

    def refresh(self, token):
        return self.ask(grant_type="refresh_token", refresh_token=token)

    def log_in(self, browser, email, password):
        page = browser.get(self.address())
        assert page.status_code == 200, page.text
        return self.arrived(browser.submit(page, email=email, password=password))


class OwnTool(Tool):
    client, redirect = "polder", "http://127.0.0.1:54321/callback"

    def __init__(self, site, ca):
        super().__init__(site, ca)
        self.verifier = secrets.token_urlsafe(48)

    def proof(self):
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return {"code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="), "code_challenge_method": "S256"}

    def exchange(self, code, **changes):
        return super().exchange(code, **{"code_verifier": self.verifier, **changes})


def refused(answer, error, status=400):
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["error"] == error, answer.text


def tokens(answer):
    assert answer.status_code == 200, (answer.status_code, answer.text)
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert found["token_type"] == "Bearer" and found["expires_in"] >= 3600 and found["refresh_token"], found
    assert isinstance(found["expires_at"], int)
    return found


def claims(site, ca, token, issuer):
    """Keys and claims, found by discovery as a stranger would."""
    about = requests.get(issuer + "/.well-known/openid-configuration", verify=ca).json()
    assert about["issuer"] == issuer and about["code_challenge_methods_supported"] == ["S256"]
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "revocation_endpoint"):
        assert about[name].startswith(issuer + "/protocol/openid-connect/"), about
    keys = jwt.PyJWKSet.from_dict(requests.get(about["jwks_uri"], verify=ca).json()).keys
    header = jwt.get_unverified_header(token)
    key = next(key for key in keys if key.key_id == header["kid"])
    return jwt.decode(token, key.key, algorithms=["RS256", "ES256"], issuer=issuer, audience="account")


# Stories


def cli(site, ca, issuer, email, password):
    """The public tool logs in, uses its token, refreshes in both ways, and gives it back. Prints a refresh token that is good."""
    browser, tool = Browser(site, ca), Tool(site, ca)
    page = browser.get(tool.address())
    assert "strm" in Forms(page.text).text and tool.redirect in Forms(page.text).text
    assert f"form-action 'self' {tool.redirect} " in page.headers["content-security-policy"]
    wrong = browser.submit(page, email=email, password="not the password")
    assert wrong.status_code == 403 and email in wrong.text and "not the password" not in wrong.text
    fields = tool.arrived(browser.submit(wrong, email=email.upper(), password=password))
    assert fields["iss"] == issuer and set(fields) == {"code", "state", "iss"}
    first = tokens(tool.exchange(fields["code"]))
    said = claims(site, ca, first["access_token"], issuer)
    assert said["email"] == email and said["azp"] == "cli" and "clientId" not in said, said
    assert said["scope"] == "email offline_access" == first["scope"]
    again = tokens(tool.refresh(first["refresh_token"]))
    assert again["refresh_token"] == first["refresh_token"] and again["access_token"] != first["access_token"]
    body = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "client_id": "cli"}
    tokens(requests.post(site + "/auth/token", data=body, verify=ca))
    tokens(requests.post(issuer + "/protocol/openid-connect/token", data=body, verify=ca))
    assert claims(site, ca, again["access_token"], issuer)["sub"] == said["sub"]
    # given back: RFC 7009
    def revoke(**form):
        return requests.post(site + "/auth/revoke", data=form, verify=ca)
    refused(revoke(token=first["refresh_token"]), "invalid_client", 401)
    refused(revoke(client_id="cli"), "invalid_request")
    assert revoke(client_id="polder", token=first["refresh_token"]).status_code == 200
    tokens(tool.refresh(first["refresh_token"]))  # another client's word does not count
    assert revoke(client_id="cli", token="nobody's").status_code == 200
    assert revoke(client_id="cli", token=first["refresh_token"]).status_code == 200
    refused(tool.refresh(first["refresh_token"]), "invalid_grant")
    # a code is good once, and showing it again ends what it gave (RFC 6749 §10.5)
    code = tool.log_in(browser, email, password)["code"]
    second = tokens(tool.exchange(code))
    refused(tool.exchange(code), "invalid_grant")
    refused(tool.refresh(second["refresh_token"]), "invalid_grant")
    third = tokens(tool.exchange(tool.log_in(browser, email, password)["code"]))
    # nothing else is a login
    refused(tool.ask(grant_type="client_credentials"), "unsupported_grant_type")
    refused(tool.ask(grant_type="password", username=email, password=password), "unsupported_grant_type")
    refused(tool.exchange("nonsense"), "invalid_grant")
    refused(requests.post(site + "/auth/token", data={**body, "client_id": "nobody"}, verify=ca), "invalid_client", 401)
    refused(requests.post(site + "/auth/token", data={**body, "client_secret": "x"}, verify=ca), "invalid_client", 401)
    refused(requests.post(site + "/auth/token", data={**body, "refresh_token": "nonsense"}, verify=ca), "invalid_grant")
    print(third["refresh_token"])


def restarted(site, ca, token):
    """A refresh token from before a restart is good."""
    assert tokens(Tool(site, ca).refresh(token))["refresh_token"] == token


def own(site, ca, email, password):
    """Our own tool: PKCE (RFC 7636), any port (RFC 8252), another refresh token each time (RFC 9700 §4.14.2)."""
    browser = Browser(site, ca)

    def code(tool):
        return tool.log_in(browser, email, password)["code"]

    tool = OwnTool(site, ca)
    first = tokens(tool.exchange(code(tool)))
    second = tokens(tool.refresh(first["refresh_token"]))
    assert second["refresh_token"] != first["refresh_token"]
    # two commands that refresh at the same moment
    other = tokens(tool.refresh(first["refresh_token"]))
    for token in (second, other):
        tokens(tool.refresh(token["refresh_token"]))
    refused(Tool(site, ca).refresh(second["refresh_token"]), "invalid_grant")
    for changes in (
        {"code_verifier": None}, {"code_verifier": secrets.token_urlsafe(48)}, {"redirect_uri": None},
        {"redirect_uri": "http://127.0.0.1:54322/callback"},
    ):
        tool = OwnTool(site, ca)
        refused(tool.exchange(code(tool), **changes), "invalid_grant")
    # what is wrong with the request is told to the tool, not to the person
    tool = OwnTool(site, ca)
    for changes, error in (
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"), ({"response_type": "token"}, "unsupported_response_type"),
        ({"prompt": "none"}, "login_required"),
    ):
        fields = tool.arrived(browser.get(tool.address(**changes)))
        assert fields["error"] == error and "code" not in fields, fields
    assert "logged in" in browser.get("/auth/success").text and "could not" in browser.get("/auth/failure").text


def attacks(site, ca, email, password):
    """Open redirects, forged forms, a session that was set beforehand."""
    browser, tool = Browser(site, ca), Tool(site, ca)
    for uri in ("https://evil.example", "http://localhost:10000@evil.example", "http://localhost:10000.evil.example", "//evil.example"):
        for changes in ({}, {"response_type": "token"}, {"prompt": "none"}):
            answer = browser.get(tool.address(redirect_uri=uri, **changes))
            assert answer.status_code == 400 and "location" not in answer.headers, answer.headers
    answer = browser.get(tool.address(state="\"><script>alert(1)</script>"))
    assert answer.status_code == 200 and "<script>alert" not in answer.text

    page = browser.get(tool.address())
    good = {"email": email, "password": password}

    def forged(answer):
        assert answer.status_code == 400 and "location" not in answer.headers, (answer.status_code, answer.text)
        assert "polder-device" not in str(answer.headers) and "code=" not in str(answer.headers)

    forged(browser.submit(page, token="", **good))
    forged(browser.submit(page, token=secrets.token_urlsafe(32), **good))
    forged(browser.submit(page, headers={"origin": "https://evil.example"}, **good))
    forged(browser.submit(page, headers={"origin": "null"}, **good))
    stranger = Browser(site, ca)
    stranger_page = stranger.get(tool.address())
    stranger_token = Forms(stranger_page.text).forms[0][1]["token"]
    forged(browser.submit(page, token=stranger_token, **good))  # a stranger's own token in somebody else's browser
    bare = Browser(site, ca)
    forged(bare.submit(page, **good))  # no cookie
    assert tool.arrived(browser.submit(page, **good))["code"]

    # session fixation: what a browser has before a login is worth nothing afterwards
    victim = Browser(site, ca)
    form = victim.get("/auth/account")
    before = victim.cookies()
    entered = victim.submit(form, **good)
    assert entered.status_code == 303 and entered.headers["location"] == "/auth/account", entered.text
    after = victim.cookies()
    assert "polder-session" not in before and "polder-form" not in after, (before, after)
    assert after["polder-session"] not in before.values()
    for name in ("polder-session", "polder-form"):
        prefix = "__Host-" if site.startswith("https") else ""
        planted = requests.get(site + "/auth/account", cookies={prefix + name: before["polder-form"]}, verify=ca)
        assert "Change your password" not in planted.text
    account = victim.get("/auth/account")
    assert "Change your password" in account.text and email in account.text
    # forms of the account page need its own token, not that of the login
    old_token = Forms(form.text).forms[0][1]["token"]
    assert victim.submit(account, 1, token=old_token).status_code == 400
    assert victim.submit(account, 1, headers={"origin": "https://evil.example"}).status_code == 400
    out = victim.submit(account, len(Forms(account.text).forms) - 1)
    assert out.status_code == 303 and "Change your password" not in victim.get("/auth/account").text
    assert "polder-session" not in victim.cookies()
    stolen = requests.get(site + "/auth/account", cookies={"__Host-polder-session": after["polder-session"], "polder-session": after["polder-session"]}, verify=ca)
    assert "Change your password" not in stolen.text


def guesses(site, ca, email, password):
    """Brute force: waits, for accounts that exist and for others alike; a browser that is known goes on."""
    known, tool = Browser(site, ca), Tool(site, ca)
    tool.log_in(known, email, password)

    def guess(browser, account, text="wrong wrong wrong"):
        return browser.submit(browser.get(tool.address()), email=account, password=text)

    seen = []
    for account in (email, "nobody@polder.local"):
        answers = [guess(Browser(site, ca), account) for _ in range(5)]
        # each wait is twice as long as the one before: on a slow machine the first ones are over when the next try comes
        while answers[-1].status_code != 429 and len(answers) < 14:
            answers.append(guess(Browser(site, ca), account))
        assert [answer.status_code for answer in answers] == [403] * (len(answers) - 1) + [429], answers
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 900
        seen.append(re.sub('name="token" value="[^"]*"', "", answers[0].text.replace(account, "")))
    assert seen[0] == seen[1], "the answer does not tell which accounts exist"
    # the owner's browser is counted apart
    assert tool.arrived(guess(known, email, password))["code"]


def account(site, ca, email, password, state, invited):
    """Changes a password, invites, and what each of them ends."""
    browser, tool = Browser(site, ca), Tool(site, ca)
    login = tokens(tool.exchange(tool.log_in(browser, email, password)["code"]))
    browser.submit(browser.get("/auth/account"), email=email, password=password)
    elsewhere = Browser(site, ca)
    elsewhere.submit(elsewhere.get("/auth/account"), email=email, password=password)
    page = browser.get("/auth/account")
    assert "One program may act for you" in page.text

    new = "a new password of mine"
    for fields, status, words in (
        ({"current": password, "new": "short", "again": "short"}, 400, "at least 12"),
        ({"current": password, "new": new, "again": new + "x"}, 400, "not the same"),
        ({"current": "not this one", "new": new, "again": new}, 403, "is not this one"),
    ):
        answer = browser.submit(page, 0, **fields)
        assert answer.status_code == status and words in answer.text, (answer.status_code, answer.text)
    assert os.path.exists(state + "/secrets/admin-password")
    before = browser.cookies()["polder-session"]
    answer = browser.submit(page, 0, current=password, new=new, again=new)
    assert answer.status_code == 303, answer.text
    assert browser.cookies()["polder-session"] != before
    assert not os.path.exists(state + "/secrets/admin-password")
    assert "Your password is changed" in browser.get(answer.headers["location"]).text
    assert "Change your password" not in elsewhere.get("/auth/account").text
    refused(tool.refresh(login["refresh_token"]), "invalid_grant")
    assert browser.submit(browser.get(tool.address()), email=email, password=password).status_code == 403
    second = tokens(tool.exchange(tool.log_in(browser, email, new)["code"]))
    assert browser.submit(browser.get("/auth/account"), 1).headers["location"] == "/auth/account?done=ended"
    refused(tool.refresh(second["refresh_token"]), "invalid_grant")

    # an invitation: the admin passes the link on
    page = browser.get("/auth/account")
    forms = Forms(page.text).forms
    number = next(index for index, form in enumerate(forms) if form[1].get("for") == invited)
    link = [word for word in Forms(browser.submit(page, number).text).text.split() if "/auth/password/" in word][0]
    assert link.startswith("https://")
    path = urllib.parse.urlsplit(link).path
    replaced = [word for word in Forms(browser.submit(page, number).text).text.split() if "/auth/password/" in word][0]
    guest = Browser(site, ca)
    assert guest.get(path).status_code == 410, "a new link voids the one before"
    path = urllib.parse.urlsplit(replaced).path
    form = guest.get(path)
    assert invited in form.text
    assert guest.submit(form, new="short", again="short").status_code == 400
    assert guest.submit(form, new="the guest's password", again="the guest's password").status_code == 200
    assert guest.get(path).status_code == 410
    assert guest.submit(form, new="somebody else's one", again="somebody else's one").status_code == 410
    assert guest.get("/auth/password/nonsense").status_code == 410
    guest.submit(guest.get("/auth/account"), email=invited, password="the guest's password")
    page = guest.get("/auth/account")
    assert invited in page.text and "Invitations" not in page.text
    # the guest forgets it: the admin makes a link for an account that is there already
    forms = Forms(browser.get("/auth/account").text).forms
    number = next(index for index, form in enumerate(forms) if form[1].get("for") == "")
    page = browser.get("/auth/account")
    assert browser.submit(page, number, **{"for": "nobody@polder.local"}).status_code == 404
    link = [word for word in Forms(browser.submit(page, number, **{"for": invited.upper()}).text).text.split() if "/auth/password/" in word][0]
    path, other = urllib.parse.urlsplit(link).path, Browser(site, ca)
    assert other.submit(other.get(path), new="another one for the guest", again="another one for the guest").status_code == 200
    assert "Change your password" not in guest.get("/auth/account").text, "other browsers are logged out"
    guest.submit(guest.get("/auth/account"), email=invited, password="another one for the guest")
    page = guest.get("/auth/account")
    # a member cannot make links, whatever form they send
    token = Forms(page.text).forms[0][1]["token"]
    assert guest.session.post(site + "/auth/account/link", data={"token": token, "for": email}).status_code == 403
    assert claims(site, ca, tokens(tool.exchange(tool.log_in(guest, invited, "another one for the guest")["code"]))["access_token"],
                  urllib.parse.urljoin(link, "/auth/realms/users"))["email"] == invited


if __name__ == "__main__":
    story, site, ca, *rest = sys.argv[1:]
    {"cli": cli, "restarted": restarted, "own": own, "attacks": attacks, "guesses": guesses, "account": account}[story](site, ca, *rest)
    print("fine")

import Bytes
import JSON
import TestKit
import Testing

/// Judged by strangers: the public Python driver's own authentication class, requests, httpx, PyJWT, curl.
@Suite struct TokenEndpointTests {
    @Test func `the public driver authenticates and refreshes, unchanged`() async throws {
        let plane = try await RunningControlPlane.start()
        let client = try plane.client()
        let script = """
            import logging, sys, time
            from strmprivacy.driver.client.auth import AuthService
            from strmprivacy.driver.domain.config import ClientConfig
            host, client_id, secret = sys.argv[1:]
            config = ClientConfig(logging.DEBUG, auth_host=host)
            service = AuthService('test', client_id, secret, config)
            service._initialize_auth_provider()
            first = service.get_access_token()
            assert first.count('.') == 2 and service.get_refresh_token()
            assert not service.auth_provider.is_almost_expired()
            service.auth_provider.expires_at = time.time() + 60
            assert service.auth_provider.is_almost_expired()
            service._initialize_auth_provider()
            assert service.get_access_token() != first
            assert not service.auth_provider.is_almost_expired()
            print('fine')
            """
        let result = try await Strangers.runPython(
            script, [String(plane.url.dropFirst("https://".count)), client.id, client.secret],
            environment: ["REQUESTS_CA_BUNDLE": plane.authority.caFile])
        #expect(result.output == "fine\n")
    }

    @Test func `requests, httpx over HTTP/2 and PyJWT agree about grants, answers and signatures`() async throws {
        let plane = try await RunningControlPlane.start()
        let client = try plane.client()
        let script = """
            import json, sys, time, ssl
            import httpx, jwt, requests
            url, plain, issuer, ca, client_id, secret = sys.argv[1:]
            path = '/auth/realms/streams/protocol/openid-connect/token'
            context = ssl.create_default_context(cafile=ca)
            h2 = httpx.Client(http2=True, http1=False, verify=context)
            h1 = httpx.Client(verify=context)
            both = {'client_id': client_id, 'client_secret': secret}
            def check(r, version=None):
                assert r.status_code == 200, (r.status_code, r.text)
                assert r.headers['content-type'].startswith('application/json')
                assert r.headers['cache-control'] == 'no-store'
                if version: assert r.http_version == version, r.http_version
                t = r.json()
                assert t['token_type'] == 'Bearer' and t['expires_in'] >= 3600 and t['refresh_token']
                assert isinstance(t['expires_at'], int)
                assert abs(t['expires_at'] - time.time() - t['expires_in']) < 30, t
                return t
            # where the keys are is found by discovery, as a stranger would
            conf = h2.get(issuer + '/.well-known/openid-configuration').json()
            assert conf['issuer'] == issuer and conf['token_endpoint'] == url + path
            jwks = jwt.PyJWKSet.from_dict(h1.get(conf['jwks_uri']).json())
            def claims(t):
                kid = jwt.get_unverified_header(t['access_token'])['kid']
                key = next(k for k in jwks.keys if k.key_id == kid)
                c = jwt.decode(t['access_token'], key.key, algorithms=['RS256'], issuer=issuer, audience='account')
                assert c['clientId'] == client_id
                return c
            first = check(h2.post(url + path, data={'grant_type': 'client_credentials', **both}), 'HTTP/2')
            claims(first)
            claims(check(h1.post(url + path, data={'grant_type': 'client_credentials'}, auth=(client_id, secret)), 'HTTP/1.1'))
            # the issuer is the same whichever listener gave the token
            claims(check(h1.post(plain + path, data={'grant_type': 'client_credentials', **both})))
            prior = httpx.Client(http2=True, http1=False)
            claims(check(prior.post(plain + path, data={'grant_type': 'client_credentials', **both}), 'HTTP/2'))
            # refresh: with our token, and with one that nobody knows
            for token in (first['refresh_token'], 'unknown', 'eyJ.a.b'):
                again = check(h2.post(url + path, data={'grant_type': 'refresh_token', 'refresh_token': token, **both}))
                assert claims(again)['jti'] != claims(first)['jti']
            r = requests.post(url + path, auth=(client_id, secret), data='grant_type=client_credentials', verify=ca,
                headers={'content-type': 'application/x-www-form-urlencoded'})
            claims(check(r))
            print('fine')
            """
        let result = try await Strangers.runPython(
            script, [plane.url, plane.plainURL, plane.issuer, plane.authority.caFile, client.id, client.secret])
        #expect(result.output == "fine\n")
    }

    @Test func `refusals are those of RFC 6749, and do not tell which clients exist`() async throws {
        let plane = try await RunningControlPlane.start()
        let client = try plane.client()
        func post(_ body: String, _ extra: [String] = []) async throws -> (Int, String, JSONValue) {
            let answer = try await plane.curl(["-d", body, plane.tokenURL] + extra)
            return (answer.status, answer.headers, try JSONValue.parse(answer.body))
        }
        let grant = "grant_type=client_credentials"
        let wrong = try await post("\(grant)&client_id=\(client.id)&client_secret=wrong")
        let unknown = try await post("\(grant)&client_id=stream-nobody&client_secret=wrong")
        #expect(wrong.0 == 401)
        #expect(wrong.2["error"]?.string == "invalid_client")
        #expect(wrong.1.contains("www-authenticate: basic realm=\"streams\""))
        #expect(unknown.0 == wrong.0)
        #expect(unknown.2 == wrong.2)
        let other = try plane.client("other")
        #expect(try await post("\(grant)&client_id=\(client.id)&client_secret=\(other.secret)").0 == 401)
        #expect(try await post(grant, ["-u", "\(client.id):wrong"]).0 == 401)
        #expect(try await post(grant, ["-H", "authorization: Bearer x"]).0 == 401)
        #expect(try await post(grant, ["-H", "authorization: Basic %%%"]).0 == 401)
        let right = "client_id=\(client.id)&client_secret=\(client.secret)"
        for (body, error) in [
            (right, "invalid_request"), ("\(right)&\(grant)&scope=%C3%A9", "invalid_request"),
            ("\(right)&grant_type=", "invalid_request"),
            ("\(right)&grant_type=refresh_token", "invalid_request"), ("\(right)&\(grant)&\(grant)", "invalid_request"),
            ("\(right)&grant_type=password&username=a&password=b", "unsupported_grant_type"),
            ("\(right)&grant_type=authorization_code&code=x", "unsupported_grant_type"),
        ] {
            let answer = try await post(body)
            #expect(answer.0 == 400)
            #expect(answer.2["error"]?.string == error)
        }
        #expect(try await plane.curl([plane.tokenURL]).status == 405)
        #expect(
            try await plane.curl(["-d", "x", plane.url + "/auth/realms/nobody/protocol/openid-connect/token"]).status
                == 404)
        #expect(try await plane.curl([plane.url + "/"]).status == 404)
        let large = String(repeating: "a", count: 100_000)
        #expect(try await plane.curl(["-d", "\(grant)&client_secret=\(large)", plane.tokenURL]).status == 413)
        // Nothing that a client sent stands in the log.
        #expect(!plane.tool.errors.contains(client.secret))
        #expect(!plane.tool.errors.contains("wrong\""))
    }

    @Test func `a client id that fails too often has to wait, its right secret passes all the same`() async throws {
        let plane = try await RunningControlPlane.start(settings: ["CONTROL_PLANE_FAILED_LOGINS": "3"])
        let client = try plane.client()
        let other = try plane.client("other")
        func status(_ id: String, _ secret: String) async throws -> (status: Int, headers: String, body: String) {
            try await plane.curl(
                ["-d", "grant_type=client_credentials&client_id=\(id)&client_secret=\(secret)", plane.tokenURL])
        }
        for _ in 0..<3 { #expect(try await status(client.id, "wrong").status == 401) }
        let limited = try await status(client.id, "wrong")
        #expect(limited.status == 429)
        #expect(limited.headers.contains("retry-after: "))
        // Another spelling is the same client id.
        let spelled = client.id.utf8.map { "%" + Hex.encode([$0]) }.joined()
        #expect(try await status(spelled, "wrong").status == 429)
        #expect(try await status(client.id, client.secret).status == 200)
        #expect(try await status(other.id, other.secret).status == 200)
    }

    @Test func `a new stream can log in within seconds, without a restart, and a broken folder changes nothing`()
        async throws
    {
        let plane = try await RunningControlPlane.start()
        let client = try plane.client()
        try plane.folder.write("plane/new.yaml", text: "kind: Stream\nspec: {ref: {name: newcomer}}\n")
        let new = try plane.client("newcomer")
        func logsIn(_ client: (id: String, secret: String)) async throws -> Bool {
            try await plane.curl([
                "-u", "\(client.id):\(client.secret)", "-d", "grant_type=client_credentials", plane.tokenURL,
            ])
            .status == 200
        }
        try await eventually("the new stream's login") { try await logsIn(new) }
        try plane.folder.write("plane/new.yaml", text: "kind: Stream\nspec: {ref: {nam: newcomer}}\n")
        try await plane.tool.waitForText("configuration refused")
        #expect(try await logsIn(new))
        #expect(try await logsIn(client))
    }

    @Test func `tokens and keys survive a restart`() async throws {
        let first = try await RunningControlPlane.start()
        let client = try first.client()
        let before = try await first.curl([first.issuer + "/protocol/openid-connect/certs"]).body
        first.tool.terminate()
        #expect(try await first.tool.waitForEnd().status == 0)
        let second = try await RunningControlPlane.start(in: first.folder)
        #expect(try second.client() == client)
        #expect(try await second.curl([second.issuer + "/protocol/openid-connect/certs"]).body == before)
    }

    @Test func `a data plane logs in to realm installations, and only there`() async throws {
        let plane = try await RunningControlPlane.start()
        let file = try JSONValue.parse(plane.folder.read("state/secrets/installation"))
        let (id, secret) = (try #require(file["clientId"]?.string), try #require(file["clientSecret"]?.string))
        let script = """
            import jwt, requests, sys
            url, ca, id, secret, installation = sys.argv[1:]
            def ask(realm, **form):
                address = f'{url}/auth/realms/{realm}/protocol/openid-connect/token'
                return requests.post(address, data={'grant_type': 'client_credentials', **form}, verify=ca)
            answer = ask('installations', client_id=id, client_secret=secret)
            assert answer.status_code == 200, answer.text
            issuer = url + '/auth/realms/installations'
            about = requests.get(issuer + '/.well-known/openid-configuration', verify=ca).json()
            keys = jwt.PyJWKSet.from_dict(requests.get(about['jwks_uri'], verify=ca).json()).keys
            token = answer.json()['access_token']
            key = next(key for key in keys if key.key_id == jwt.get_unverified_header(token)['kid'])
            claims = jwt.decode(token, key.key, algorithms=['ES256'], issuer=issuer, audience='account')
            assert claims['clientId'] == id and claims['installationId'] == installation, claims
            for form in ({'client_secret': 'wrong'}, {'client_secret': ''}, {}):
                answer = ask('installations', client_id=id, **form)
                assert answer.status_code == 401 and answer.json()['error'] == 'invalid_client'
                assert answer.headers['www-authenticate'] == 'Basic realm="installations", charset="UTF-8"'
            assert ask('streams', client_id=id, client_secret=secret).status_code == 401
            assert ask('users', client_id=id, client_secret=secret).status_code == 400
            print('fine')
            """
        let result = try await Strangers.runPython(
            script, [plane.url, plane.authority.caFile, id, secret, file["installationId"]?.string ?? ""])
        #expect(result.output == "fine\n")
        let client = try plane.client()
        let answer = try await plane.curl([
            "-u", "\(client.id):\(client.secret)", "-d", "grant_type=client_credentials",
            plane.url + "/auth/realms/installations/protocol/openid-connect/token",
        ])
        #expect(answer.status == 401)
    }
}

import Contracts
import EventGateway
import Testing
import Tokens

@Suite struct EventGatewayProblemsTests {
    static let everyRefusal: [(Refusal, Int)] = [
        (.noSuchPath, 404), (.wrongMethod(allow: "POST"), 405), (.bodyTooLarge(limit: 1 << 20), 413),
        (.token(.expired), 401), (.token(.missing), 401), (.token(.noClientID), 401), (.token(.keysUnavailable), 503),
        (.clientUnknown, 401),
        (.derivedStream(name: "demo-0", source: "demo"), 403), (.streamNotEnabled(name: "demo"), 403),
        (.rateExceeded(stream: "demo", wait: 1), 429),
        (.schemaRefMissing, 400), (.schemaRefMalformed(length: 3), 400), (.schemaUnknown(schema: "a/b/1.0.0"), 400),
        (.event(.negativeConsent), 400), (.overloaded, 503), (.logUnavailable, 503), (.vaultUnavailable, 503),
        (.notReady, 503),
    ]

    @Test(arguments: everyRefusal)
    func `each refusal has its status, one line of text and a content type`(_ refusal: Refusal, _ status: Int) {
        #expect(refusal.status == status)
        #expect(!refusal.body.isEmpty && !refusal.body.contains("\n"))
        #expect(refusal.fields(realm: "https://localhost/event").contains { $0.name == "content-type" })
    }

    @Test func `a refusal that waiting heals says how long, in whole seconds, at least one`() {
        #expect(Refusal.rateExceeded(stream: "demo", wait: 1).retryAfter == 1)
        #expect(Refusal.rateExceeded(stream: "demo", wait: 1_000_000_001).retryAfter == 2)
        for (refusal, status) in Self.everyRefusal {
            #expect((refusal.retryAfter != nil) == [429, 503].contains(status))
            #expect(refusal.fields(realm: "").contains { $0.name == "retry-after" } == (refusal.retryAfter != nil))
        }
    }

    @Test func `the missing client id keeps its published JSON form`() {
        #expect(Refusal.token(.noClientID).body == #"{"error": "Client ID is missing in the provided JWT"}"#)
        let fields = Refusal.token(.noClientID).fields(realm: "https://localhost/event")
        #expect(fields.contains { $0 == ("content-type", "application/json") })
    }

    @Test func `every 401 names its realm, and an error when a token was there`() {
        let realm = "https://localhost:8443/event"
        func challenge(_ refusal: Refusal) -> String? {
            refusal.fields(realm: realm).first { $0.name == "www-authenticate" }?.value
        }
        #expect(challenge(.token(.missing)) == #"Bearer realm="https://localhost:8443/event""#)
        #expect(
            challenge(.token(.expired))
                == #"Bearer realm="https://localhost:8443/event", error="invalid_token""#)
        for (refusal, status) in Self.everyRefusal { #expect((challenge(refusal) != nil) == (status == 401)) }
    }

    @Test func `a wrong method tells the ones that there are`() {
        #expect(Refusal.wrongMethod(allow: "POST").fields(realm: "").contains { $0 == ("allow", "POST") })
    }
}

import GRPC
import Net
import System
package import Time
import Tokens

/// Finds out who calls, by the bearer token, and whether they may.
///
/// Tokens of realm `users` and of realm `installations` are good here; those of realm `streams` are not, whatever they are good
/// for elsewhere. The roles of a person are looked up for every call: who is demoted or removed is so at once.
///
/// - Isolation: any thread.
package final class Doorkeeper: Sendable {
    private let users: Monitor<TokenVerifier>
    private let installations: Monitor<TokenVerifier>
    private let streams: Monitor<TokenVerifier>
    private let store: StateStore
    private let clock: any WallClock

    /// A doorkeeper who knows the realms.
    package init(realms: [RealmName: Realm], store: StateStore, clock: any WallClock) {
        func verifier(_ name: RealmName, _ holder: TokenHolder) -> TokenVerifier {
            guard let realm = realms[name] else { preconditionFailure("every realm is there") }
            return TokenVerifier(issuer: realm.tokens.issuer, holder: holder, keys: realm.published)
        }
        users = Monitor(verifier(.users, .person))
        installations = Monitor(verifier(.installations, .client))
        streams = Monitor(verifier(.streams, .client))
        self.store = store
        self.clock = clock
    }

    /// The caller whose `authorization` field this is.
    ///
    /// - Throws: `.unauthenticated` when there is no token; `.denied` for one that is over, foreign, or of realm `streams`; `.state`
    ///   when the roles cannot be looked up.
    package func principal(authorization: String?) throws(CallError) -> Principal {
        guard var field = authorization else {
            throw .unauthenticated("metadata authorization is missing: it must be 'Bearer' and an access token")
        }
        let now = clock.now()
        let outcome: Result<Principal, CallError> = field.withUTF8 { bytes in
            let raw = UnsafeRawBufferPointer(bytes)
            do throws(CallError) {
                if let person = try person(raw, now) { return .success(person) }
                if let dataPlane = try dataPlane(raw, now) { return .success(dataPlane) }
                let stream = try Self.verified(streams, raw, now) { token in token.clientID }
                throw stream == nil
                    ? .denied("the token is of neither realm users nor realm installations")
                    : .denied("a token of realm streams is not for the API: log in at realm users or installations")
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Nil when the token is of another realm.
    private func person(_ field: UnsafeRawBufferPointer, _ now: Timestamp) throws(CallError) -> Principal? {
        let verified = try Self.verified(users, field, now) { token in token.person }
        guard let person = verified else { return nil }
        let known = try store.read { view throws(CallError) in try view.roles(ofUser: person.id) }
        guard let known else { throw .denied("the token's user does not exist any more") }
        return .user(id: person.id, email: known.email, roles: known.roles)
    }

    private func dataPlane(_ field: UnsafeRawBufferPointer, _ now: Timestamp) throws(CallError) -> Principal? {
        let verified = try Self.verified(installations, field, now) { token in token.installationID }
        guard let id = verified else { return nil }
        let isKnown = try store.read { view throws(CallError) in try view.hasInstallation(id) }
        guard isKnown else { throw .denied("the token's installation does not exist any more") }
        return .installation(id: id)
    }

    /// What a verified token says; nil when it is not of the verifier's realm.
    private static func verified<Holder: Sendable>(
        _ verifier: Monitor<TokenVerifier>, _ field: UnsafeRawBufferPointer, _ now: Timestamp,
        _ holder: (VerifiedToken) -> Holder?
    ) throws(CallError) -> Holder? {
        let outcome: Result<Holder?, TokenError> = verifier.withLock { verifier in
            do throws(TokenError) {
                return .success(holder(try verifier.verify(authorization: field, now: now)))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let holder): return holder
        case .failure(let error):
            switch error {
            // A key of the other realm; or one that nobody has.
            case .unknownKey, .wrongIssuer: return nil
            case .expired, .notYetValid, .badSignature: throw .denied("\(error)")
            case _: throw .unauthenticated("\(error)")
            }
        }
    }
}

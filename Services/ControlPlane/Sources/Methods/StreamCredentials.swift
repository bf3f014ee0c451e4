import API
import GRPC
import PlaneConfig
import Wire

extension MethodTable {
    /// `CredentialsService`
    mutating func addCredentials() {
        read(CredentialsService.listCredentials, .people(.view)) { call, request throws(CallError) in
            let stream = try call.stream(request.streamRef, field: "streamRef")
            var response = ListCredentialsResponse()
            response.credentials = try call.credentials(of: stream).map { $0.withoutSecret }
            return response
        }
        read(CredentialsService.getCredential, .people(.view)) { call, request throws(CallError) in
            let stream = try call.stream(ofClient: request.clientID)
            var response = GetCredentialResponse()
            response.credential = try call.credentials(of: stream).first { $0.clientID == request.clientID }
            return response
        }
        change(CredentialsService.createCredential, .people(.createResources)) {
            call, change, request throws(CallError) in
            let stream = try call.storedStream(request.streamRef, field: "streamRef")
            guard try call.view.credentials(ofStream: stream.number).count < StreamRecord.credentialLimit else {
                throw .exhausted("stream \(stream.name) has \(StreamRecord.credentialLimit) credentials already")
            }
            let made = try change.addCredential(ofStream: stream.number, sealing: call.secrets)
            var credentials = Credentials()
            credentials.clientID = made.clientID
            credentials.projectID = stream.projectID
            try change.audit(
                .credential, made.clientID, projectID: stream.projectID, before: nil, after: credentials.json)
            credentials.clientSecret = made.secret
            var response = CreateCredentialResponse()
            response.credentials = credentials
            return response
        }
        change(CredentialsService.deleteCredential, .people(.deleteResources)) {
            call, change, request throws(CallError) in
            switch try call.stream(ofClient: request.clientID) {
            case .folder(let stream, _):
                throw .refused("the credentials of stream \(stream.name) come from the plane folder: change them there")
            case .stored(let stream):
                var credentials = Credentials()
                credentials.clientID = request.clientID
                credentials.projectID = stream.projectID
                try change.removeCredential(clientID: request.clientID)
                try change.audit(
                    .credential, request.clientID, projectID: stream.projectID, before: credentials.json, after: nil)
            }
            return DeleteCredentialResponse()
        }
    }
}

extension Call {
    /// The stream whose client this is, in a project that the caller may look into.
    fileprivate func stream(ofClient clientID: String) throws(CallError) -> AnyStream {
        guard let stream = try stream(clientID: clientID) else { throw .notFound(.credential, clientID) }
        _ = try project(stream.projectID)
        return stream
    }
}

extension StreamRecord {
    /// How many credentials a stream may have.
    fileprivate static let credentialLimit = 100
}

extension Credentials {
    /// The same for lists.
    fileprivate var withoutSecret: Credentials {
        var copy = self
        copy.clientSecret = ""
        return copy
    }
}

import API
import Bytes
import GRPC
import JSON
import Time

extension MethodTable {
    /// `DataSubjectsService`
    mutating func addDataSubjects() {
        change(DataSubjectsService.addDataSubjectsKeyLinks, .dataPlanes) { call, change, request throws(CallError) in
            let project = try call.project(request.projectID)
            var response = AddDataSubjectsKeyLinksResponse()
            for subject in request.dataSubjectKeylinks {
                for given in subject.keylinksAndTimestamps {
                    let link = SubjectKeyLink(keyLink: given.keyLink.lowercased(), expires: given.expiryTime.moment)
                    let isNew = try change.add(
                        link, ofSubject: subject.dataSubjectID, inProject: project.id, sealing: call.secrets)
                    response.storedCount += isNew ? 1 : 0
                }
            }
            // Which keys there are is nobody's decision: it is not for the audit trail.
            return response
        }
        list(DataSubjectsService.listDataSubjects, .people(.view)) { call, request throws(CallError) in
            try refuse(organizationID: request.organizationID)
            let after = try PageToken.read(request.pageToken)
            let size = request.pageSize == 0 ? Self.usualPage : min(Int(request.pageSize), Self.longestPage)
            let found = try call.view.dataSubjects(
                call.subjectScope, after: after, limit: size + 1, opening: call.secrets)
            var response = ListDataSubjectsResponse()
            response.dataSubjects = found.prefix(size).map { subject in
                var info = ListDataSubjectsResponse.DataSubjectInfo()
                info.dataSubjectID = subject.id
                return info
            }
            if found.count > size { response.nextPageToken = PageToken.text(found[size - 1].number) }
            return response
        }
        list(DataSubjectsService.listDataSubjectKeylinks, .people(.view)) { call, request throws(CallError) in
            try refuse(organizationID: request.organizationID)
            var response = ListDataSubjectKeylinksResponse()
            for id in request.dataSubjectID {
                var subject = DatasubjectKeylinks()
                subject.dataSubjectID = id
                let pseudonym = try call.secrets.pseudonym(of: id)
                subject.keylinksAndTimestamps = try call.view.keyLinks(call.subjectScope, ofSubject: pseudonym).map {
                    link in
                    var shown = DatasubjectKeylinks.KeylinkAndTimestamp()
                    shown.keyLink = link.keyLink
                    shown.expiryTime = ProtoTimestamp(link.expires)
                    return shown
                }
                if !subject.keylinksAndTimestamps.isEmpty { response.dataSubjectKeylinks.append(subject) }
            }
            return response
        }
        change(DataSubjectsService.deleteDataSubjects, .people(.deleteResources)) {
            call, change, request throws(CallError) in
            try refuse(organizationID: request.organizationID)
            var response = DeleteDataSubjectsResponse()
            for id in Set(request.dataSubjects) {
                let pseudonym = try call.secrets.pseudonym(of: id)
                let count = try change.removeSubject(pseudonym)
                guard count > 0 else { continue }
                response.deletedKeylinksCount += Int64(count)
                // The trail must not remember whom we forget: who knows the name can find the entry by the pseudonym.
                try change.audit(
                    .dataSubject, Hex.encode(pseudonym), before: ["keyLinks": .number(JSONNumber(Int64(count)))],
                    after: nil)
            }
            return response
        }
    }

    private static let usualPage = 1000
    private static let longestPage = 10_000
}

/// The organization follows from the caller.
private func refuse(organizationID: String) throws(CallError) {
    if !organizationID.isEmpty { throw .invalid(field: "organization_id", rule: "must be empty") }
}

extension Call {
    fileprivate var subjectScope: SubjectScope {
        switch principal {
        case .user(let id, _, _) where !principal.seesEverything: .projects(ofUser: id)
        case .user, .installation: .everything
        }
    }
}

/// Where a page of a list begins: the Base64 of a message whose field 1 is a number in text, as the public tools know it.
private enum PageToken {
    static func text(_ number: Int64) -> String {
        var token = TimestampPageToken()
        token.timestamp = String(number)
        return Base64.encode(token.protobuf)
    }

    /// - Returns: 0 for the first page.
    static func read(_ text: String) throws(CallError) -> Int64 {
        if text.isEmpty { return 0 }
        let bytes = Base64.decode(text)
        do throws(GRPCError) {
            if let bytes, let number = Int64(try TimestampPageToken(protobuf: bytes).timestamp), number > 0 {
                return number
            }
        } catch {
            // What is no token is refused below.
        }
        throw .invalid(field: "page_token", rule: "must be a next_page_token of an answer")
    }
}

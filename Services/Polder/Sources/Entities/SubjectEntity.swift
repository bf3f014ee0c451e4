internal import API
internal import JSON

extension EntityKind {
    /// People, and the key links that were noted for them. The keys themselves are the plane's.
    static let dataSubject: EntityKind = EntityKind(
        name: "data-subject", plural: "data-subjects", otherNames: ["subject", "subjects"],
        about: "what is noted of a person's key links", columns: [Column("Subject", "dataSubjectId")],
        list: Lister { api, _, _ throws(PolderError) in
            var found: [JSONValue] = []
            var page = ""
            repeat {
                let answer = try await api.call(
                    DataSubjectsService.listDataSubjects, ["pageToken": .string(page)])
                found += answer["dataSubjects"]?.array ?? []
                page = answer["nextPageToken"]?.string ?? ""
            } while !page.isEmpty
            return found
        },
        // The API takes an unknown one for done; a mistyped id is worth a word.
        delete: Deleter { api, id, _ throws(PolderError) in
            let answer = try await api.call(
                DataSubjectsService.deleteDataSubjects, ["dataSubjects": [.string(id)]])
            guard answer["deletedKeylinksCount"] != nil else {
                throw .missing("nothing is known of data subject \(id)", next: "polder list data-subjects")
            }
        })

    /// The keys that seal what belongs to a person.
    static let dataSubjectKeylink: EntityKind = EntityKind(
        name: "data-subject-keylink", plural: "data-subject-keylinks", about: "a key of a person's data",
        columns: [Column("Key link", "keyLink"), Column("Expires", "expiryTime")],
        list: Lister(parent: "data-subject") { api, id, _ throws(PolderError) in
            let answer = try await api.call(
                DataSubjectsService.listDataSubjectKeylinks, ["dataSubjectId": [.string(id)]])
            return answer["dataSubjectKeylinks"]?[0]?["keylinksAndTimestamps"]?.array ?? []
        })
}

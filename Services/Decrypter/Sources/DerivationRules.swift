internal import API
package import PlaneConfig
package import Privacy
package import Wire

/// What a derived stream may show: the part of one plane snapshot that concerns it. A value, compared when the plane
/// changes, so that other streams' changes disturb nobody.
package struct DerivationRules: Sendable, Equatable {
    /// The personal fields of one contract and the fields that this stream masks.
    package struct Contract: Sendable, Equatable {
        /// Path → level of every personal field.
        package var personal: [String: Int32]
        /// Paths to show as hashes.
        package var masked: [String]

        /// The fields of one contract.
        package init(personal: [String: Int32], masked: [String]) {
            self.personal = personal
            self.masked = masked
        }
    }

    /// The derived stream's name, for logs and metrics.
    package let stream: String
    /// Where its records go.
    package let target: TopicName
    /// Which events pass and which levels are opened.
    package let consent: ConsentRule
    /// Contract reference as text, as it stands in events → its fields.
    package let contracts: [String: Contract]
    private let seed: String

    /// The mask of this stream.
    package var mask: Mask { Mask(seed: seed) }

    /// The rules of `derived` in `plane`.
    /// - Throws: `.badConsentRule`.
    package init(_ derived: PlaneStream, in plane: PlaneSnapshot) throws(PrivacyError) {
        self.init(
            stream: derived.name, target: derived.topic,
            consent: try ConsentRule(type: derived.consentLevelType, levels: derived.purposes), seed: derived.maskSeed,
            contracts: Dictionary(
                plane.contracts.map { contract in
                    let ref = contract.ref.contractRef
                    return (
                        ref.description,
                        Contract(
                            personal: Dictionary(
                                contract.personalFields.map { ($0.path, $0.level) }, uniquingKeysWith: { $1 }),
                            masked: derived.masks[ref] ?? [])
                    )
                }, uniquingKeysWith: { $1 }))
    }

    /// Rules from their parts.
    package init(
        stream: String, target: TopicName, consent: ConsentRule, seed: String, contracts: [String: Contract]
    ) {
        self.stream = stream
        self.target = target
        self.consent = consent
        self.seed = seed
        self.contracts = contracts
    }
}

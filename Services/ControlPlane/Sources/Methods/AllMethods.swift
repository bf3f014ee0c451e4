package import PlaneConfig
package import Time

extension MethodTable {
    /// Every method that this control plane serves.
    ///
    /// - Parameter schemas: The numbers of schemas in event records.
    package mutating func addAll(_ feed: PlaneFeed, schemas: SchemaStore, clock: any WallClock) {
        addProjects()
        addStreams()
        addKeyStreams()
        addCredentials()
        addAccount()
        addOrganizations()
        addInstallations()
        addInstalledComponents()
        addVersions()
        addPlane(feed)
        addAudit()
        addPolicies()
        addPurposes()
        addDataContracts(schemas)
        addOlderTwins(schemas)
        addDataConnectors()
        addBatchExporters()
        addBatchJobs()
        addKafka()
        addMonitoring()
        addUsage(clock)
        addDataSubjects()
    }
}

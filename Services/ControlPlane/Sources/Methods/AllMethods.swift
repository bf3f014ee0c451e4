extension MethodTable {
    /// Every method that this control plane serves.
    package mutating func addAll(_ feed: PlaneFeed) {
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
    }
}

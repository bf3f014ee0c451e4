package import GRPC

/// Everything that can be called.
package enum Interface {
    /// Every service of the public definitions, of the internal ones and of our own.
    package static let services: [any RPCService.Type] = [
        AccountService.self,
        BatchExportersAgentService.self,
        BatchJobsAgentService.self,
        DataConnectorsAgentService.self,
        StreamsAgentService.self,
        BatchExportersService.self,
        BatchJobsService.self,
        CliService.self,
        CredentialsService.self,
        CustomerEntityVersionsService.self,
        DataConnectorsService.self,
        DataContractsService.self,
        DataSubjectsService.self,
        EventContractsService.self,
        HandlesService.self,
        InstallationsService.self,
        InstalledComponentsService.self,
        KafkaClustersService.self,
        KafkaExportersService.self,
        KafkaUsersService.self,
        KeyStreamsService.self,
        MonitoringService.self,
        OrganizationsService.self,
        PoliciesService.self,
        ProjectsService.self,
        PurposeMappingService.self,
        SchemasService.self,
        StreamsService.self,
        UsageService.self,
        InternalAPI.InternalAccountService.self,
        InternalAPI.BatchExportersAgentService.self,
        InternalAPI.BatchJobsAgentService.self,
        InternalAPI.DataConnectorsAgentService.self,
        InternalAPI.KafkaExportersAgentService.self,
        InternalAPI.StreamsAgentService.self,
        InternalAPI.InternalEventContractsService.self,
        InternalAPI.InternalInstallationsService.self,
        InternalAPI.InternalQuotasService.self,
        InternalAPI.InternalSchemasService.self,
        InternalAPI.InternalStreamsService.self,
        InternalAPI.InternalUsageService.self,
        PlaneService.self,
        AuditService.self,
    ]

    /// Every method.
    package static var methods: [MethodShape] { services.flatMap { $0.methods } }
}

/// Definitions that public clients do not call. Their names are those of public ones, with other fields.
package enum InternalAPI {}

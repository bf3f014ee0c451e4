/// Every constraint of the public interface definitions: message, field, rule. What a rule means is in `ConstraintTests`.
/// Where public clients depend on more than the definitions promise, more is accepted: client ids of streams are no UUIDs and need
/// only be there; contracts are listed without a project at the Tab key; a policy without an id is given one; jobs say what kind of
/// file they read only when it is no CSV.
let constraintTable = #"""
    strmprivacy.api.entities.v1.Stream
      ref: must be set
      description: len ≤1000, empty ok
      consentLevels: ≤50 items
      tags: ≤20 items, unique, each: len ≤100
      policyId: uuid, empty ok
    strmprivacy.api.entities.v1.MaskedFields
      seed: len ≤1000, NAME, empty ok
    strmprivacy.api.entities.v1.MaskedFields.PatternList
      fieldPatterns: unique, each: not containing `strmMeta`
    strmprivacy.api.entities.v1.StreamRef
      billingId: must be empty
      name: len 4–100, NAME, empty ok
      projectId: uuid
    strmprivacy.api.entities.v1.KeyStreamRef
      billingId: must be empty
      name: len 4–100, NAME, empty ok
      projectId: uuid
    strmprivacy.api.entities.v1.DataConnector
      ref: must be set
      s3Bucket: one of location
      uuid: uuid, empty ok
    strmprivacy.api.entities.v1.DataConnectorRef
      billingId: must be empty
      name: len 4–100, NAME
      projectId: uuid
    strmprivacy.api.entities.v1.AwsS3BucketLocation
      bucketName: len ≥1
      credentials: len ≥1
      assumeRoleArn: len ≥1, empty ok
    strmprivacy.api.entities.v1.GoogleCloudStorageBucketLocation
      bucketName: len ≥1
      credentials: len ≥1
    strmprivacy.api.entities.v1.AzureBlobStorageContainerLocation
      storageAccountUri: len ≥1
      containerName: len ≥1
      clientSecretCredential: must be set
    strmprivacy.api.entities.v1.AzureClientSecretCredential
      tenantId: len ≥1
      clientId: len ≥1
      clientSecret: len ≥1
    strmprivacy.api.entities.v1.JdbcLocation
      jdbcUri: len ≥1
    strmprivacy.api.entities.v1.DataType
      csv: one of data_type
    strmprivacy.api.entities.v1.BatchExporter
      ref: must be set
      streamRef: one of stream_or_key_stream_ref
      interval: ≥30 s, ≤3600 s
      sinkName: must be empty
      pathPrefix: len ≤900, NO-TRAILING-SLASH, not containing `.well-known/acme-challenge`, not in {`.`, `..`}, empty ok
      dataConnectorRef: must be set
    strmprivacy.api.entities.v1.BatchExporterRef
      billingId: must be empty
      name: len 4–100, NAME, empty ok
      projectId: uuid
    strmprivacy.api.entities.v1.KafkaClusterRef
      name: len 4–100, NAME
      projectId: uuid, empty ok
    strmprivacy.api.entities.v1.KafkaExporter
      ref: must be set
      streamRef: must be set
    strmprivacy.api.entities.v1.KafkaExporterRef
      projectId: uuid, empty ok
    strmprivacy.api.entities.v1.KafkaExporterTarget
      clusterRef: must be set
      topic: len ≤249, KAFKA-TOPIC, empty ok
      clientId: uuid, empty ok
      clientSecret: PRINTABLE-ASCII, empty ok
    strmprivacy.api.entities.v1.KafkaUser
      ref: must be set
    strmprivacy.api.entities.v1.ConsentLevelMapping
      ref: must be set
      name: len 4–100, NAME
    strmprivacy.api.entities.v1.ConsentLevelMappingRef
      billingId: must be empty
      level: ≥0
      projectId: uuid
    strmprivacy.api.entities.v1.Policy
      id: uuid, empty ok
      name: len 4–100, NAME, empty ok
      description: len ≤1000
      legalGrounds: len ≤1000
      retentionDays: ≥1, 0 ok
    strmprivacy.api.entities.v1.Schema
      ref: must be set
    strmprivacy.api.entities.v1.Schema.SimpleSchemaDefinition
      name: NOCTRL
      namespace: AVRO-NS, empty ok
      doc: len ≤5000
      avroName: AVRO, empty ok
    strmprivacy.api.entities.v1.SimpleSchemaNode
      type: ≠0
      name: NOCTRL
      doc: len ≤5000
      avroName: AVRO, empty ok
    strmprivacy.api.entities.v1.SchemaMetadata
      title: len 4–100, NOCTRL, empty ok
      description: len ≤5000
      iconUri: uri, starts with `https://`, empty ok
    strmprivacy.api.entities.v1.EventContractRef
      handle: len ≥4
      name: len 4–100, NAME-NOSPACE
      version: SEMVER
    strmprivacy.api.entities.v1.Label
      key: len ≥1
    strmprivacy.api.entities.v1.Validation
      field: len ≥1
      type: in {`regex`}
      value: len ≥1
    strmprivacy.api.entities.v1.BatchJob
      ref: must be set
      sourceData: must be set
      consent: must be set
      encryption: must be set
      eventContractRef: must be set
      encryptedData: must be set
      encryptionKeysData: must be set
      policyId: uuid, empty ok
    strmprivacy.api.entities.v1.BatchJobWrapper
      encryptionBatchJob: one of job
    strmprivacy.api.entities.v1.BatchJobRef
      billingId: must be empty
      projectId: uuid
    strmprivacy.api.entities.v1.DataConnectorAndType
      dataConnectorRef: must be set
      pathPrefix: len ≤900, NO-TRAILING-SLASH, not containing `.well-known/acme-challenge`, not in {`.`, `..`}, empty ok
      fileName: NOCTRL, empty ok
    strmprivacy.api.entities.v1.DatabaseConfig
      schema: len ≥1, empty ok
      table: len ≥1
      columns: each: len ≥1, empty ok
    strmprivacy.api.entities.v1.EncryptionConfig
      timestampConfig: must be set
    strmprivacy.api.entities.v1.TimestampConfig
      field: len 4–50, NOCTRL
      format: len ≥1
    strmprivacy.api.entities.v1.EncryptedData
      target: must be set
    strmprivacy.api.entities.v1.EncryptionKeysData
      target: must be set
    strmprivacy.api.entities.v1.MicroAggregationBatchJob
      ref: must be set
      sourceData: must be set
      targetData: must be set
      dataContractRef: must be set
      aggregationConfig: must be set
    strmprivacy.api.entities.v1.MicroAggregationConfig
      minimumKAnonymity: ≥2
    strmprivacy.api.entities.v1.DataContractRef
      handle: len ≥4
      name: len 4–100, NO-SLASH
      version: SEMVER
    strmprivacy.api.entities.v1.DataContract
      ref: must be set
      keyField: len ≥1
      schema: must be set
      projectId: uuid
      creatorExternalUserId: uuid, empty ok
    strmprivacy.api.entities.v1.DataContractMetadata
      title: len 4–100, NOCTRL, empty ok
    strmprivacy.api.entities.v1.Project
      name: len 2–100, NAME
      description: len ≤5000
    strmprivacy.api.entities.v1.User
      email: email, empty ok
      externalUserId: uuid, empty ok
      organizationId: uuid, empty ok
    strmprivacy.api.entities.v1.PurposeMapping
      level: ≥0
      purpose: len 2–100
      description: len ≥2, empty ok
    strmprivacy.api.account.v1.GetAccountDetailsRequest
      billingId: must be empty
    strmprivacy.api.account.v1.CreateAccountHandleRequest
      billingId: must be empty
      handle: len 4–100, HANDLE, not containing `strm`
    strmprivacy.api.account.v1.InitializeCheckoutRequest
      planId: len ≥1, in {`ENTERPRISE`, `BUSINESS`, `SELF_HOSTED`, `FREE`}
      userId: must be empty
    strmprivacy.api.account.v1.GetCheckoutStatusRequest
      userId: must be empty
      checkoutSessionId: len ≥1, empty ok
    strmprivacy.api.account.v1.SetCheckoutCancelledRequest
      userId: must be empty
      checkoutSessionId: len ≥1, empty ok
    strmprivacy.api.account.v1.InitializeCustomerPortalRequest
      userId: must be empty
    strmprivacy.api.batch_exporters.v1.ListBatchExportersRequest
      billingId: must be empty
      projectId: uuid
    strmprivacy.api.batch_exporters.v1.DeleteBatchExporterRequest
      ref: must be set
    strmprivacy.api.batch_exporters.v1.CreateBatchExporterRequest
      batchExporter: must be set
    strmprivacy.api.batch_exporters.v1.GetBatchExporterRequest
      ref: must be set
    strmprivacy.api.batch_jobs.v1.GetBatchJobRequest
      ref: must be set
    strmprivacy.api.batch_jobs.v1.ListBatchJobsRequest
      billingId: must be empty
      projectId: uuid
    strmprivacy.api.batch_jobs.v1.DeleteBatchJobRequest
      ref: must be set
    strmprivacy.api.batch_jobs.v1.UpdateBatchJobStateRequest
      ref: must be set
      batchJobState: must be set
    strmprivacy.api.cli.v1.GetReleaseRequest
      version: CLI-SEMVER, empty ok
    strmprivacy.api.credentials.v1.ListCredentialsRequest
      streamRef: must be set
    strmprivacy.api.credentials.v1.DeleteCredentialRequest
      clientId: len ≥1
    strmprivacy.api.credentials.v1.GetCredentialRequest
      clientId: len ≥1
    strmprivacy.api.credentials.v1.CreateCredentialRequest
      streamRef: must be set
    strmprivacy.api.customer_entity_versions.v1.GetBatchExporterImageRequest
      installationType: ≠0
    strmprivacy.api.customer_entity_versions.v1.GetDecrypterImageRequest
      installationType: ≠0
    strmprivacy.api.customer_entity_versions.v1.GetBatchJobRunnerImageRequest
      installationType: ≠0
    strmprivacy.api.data_connectors.v1.ListDataConnectorsRequest
      billingId: must be empty
      projectId: uuid
    strmprivacy.api.data_connectors.v1.DeleteDataConnectorRequest
      ref: must be set
    strmprivacy.api.data_connectors.v1.CreateDataConnectorRequest
      dataConnector: must be set
    strmprivacy.api.data_connectors.v1.GetDataConnectorRequest
      ref: must be set
    strmprivacy.api.data_contracts.v1.ListDataContractsRequest
      billingId: must be empty
      projectId: uuid, empty ok
    strmprivacy.api.data_contracts.v1.GetDataContractRequest
      billingId: must be empty
    strmprivacy.api.data_contracts.v1.CreateDataContractRequest
      billingId: must be empty
      dataContract: must be set
      projectId: uuid
    strmprivacy.api.data_contracts.v1.UpdateDataContractRequest
      billingId: must be empty
      dataContract: must be set
      checksum: len ≥1
    strmprivacy.api.data_contracts.v1.ReviewDataContractRequest
      billingId: must be empty
      approverExternalUserId: uuid, empty ok
    strmprivacy.api.data_contracts.v1.ActivateDataContractRequest
      billingId: must be empty
    strmprivacy.api.data_contracts.v1.DeleteDataContractRequest
      billingId: must be empty
      projectId: uuid
    strmprivacy.api.data_contracts.v1.ArchiveDataContractRequest
      billingId: must be empty
    strmprivacy.api.data_contracts.v1.ValidateDataContractsMaskedFieldsRequest
      billingId: must be empty
      maskedFields: must be set
    strmprivacy.api.data_contracts.v1.GetDataContractSchemaCodeRequest
      billingId: must be empty
      language: in {`java`, `typescript`, `python`, `rust`}
    strmprivacy.api.data_contracts.v1.SimpleSchemaDryRunRequest
      simpleSchemaDefinition: must be set
    strmprivacy.api.data_subjects.v1.ListDataSubjectKeylinksRequest
      dataSubjectId: each: SUBJECT
      organizationId: uuid, empty ok
    strmprivacy.api.data_subjects.v1.AddDataSubjectsKeyLinksRequest
      projectId: uuid
    strmprivacy.api.data_subjects.v1.DatasubjectKeylinks
      dataSubjectId: SUBJECT
    strmprivacy.api.data_subjects.v1.DatasubjectKeylinks.KeylinkAndTimestamp
      keyLink: uuid
      expiryTime: must be set
    strmprivacy.api.data_subjects.v1.DeleteDataSubjectsRequest
      dataSubjects: each: SUBJECT-OPEN
      organizationId: uuid, empty ok
    strmprivacy.api.data_subjects.v1.ListDataSubjectsRequest
      pageSize: ≥0
      organizationId: uuid, empty ok
    strmprivacy.api.handles.v1.ListInstallationHandlesRequest
      installationId: uuid
    strmprivacy.api.installations.v1.Installation
      id: uuid
      billingAccountId: uuid
    strmprivacy.api.installations.v1.InstalledComponent
      componentType: ≠0
    strmprivacy.api.installations.v1.InstalledComponentInstance
      id: len ≥3
    strmprivacy.api.installations.v1.InstalledComponentsCurrentState
      componentType: ≠0
    strmprivacy.api.installations.v1.InstalledComponentInstanceCurrentState
      id: len ≥4
    strmprivacy.api.installations.v1.InstalledComponentState
      stateType: ≠0
      message: len ≥4, empty ok
    strmprivacy.api.installations.v1.GetInstallationRequest
      installationId: uuid
    strmprivacy.api.installations.v1.UpdateInstalledComponentStateRequest
      componentType: ≠0
      instanceId: len ≥4
      installedComponentState: must be set
      installationId: uuid
    strmprivacy.api.installations.v1.GetInstalledComponentRequest
      installationId: uuid
      installedComponentType: ≠0
    strmprivacy.api.installations.v1.ListInstalledComponentsRequest
      installationId: uuid
    strmprivacy.api.installations.v1.ListInstalledComponentsCurrentStatesRequest
      installationId: uuid
    strmprivacy.api.kafka_clusters.v1.ListKafkaClustersRequest
      billingId: must be empty
      projectId: uuid, empty ok
    strmprivacy.api.kafka_clusters.v1.DeleteKafkaClusterRequest
      billingId: must be empty
      ref: must be set
      projectId: uuid, empty ok
    strmprivacy.api.kafka_clusters.v1.GetKafkaClusterRequest
      billingId: must be empty
      ref: must be set
      projectId: uuid, empty ok
    strmprivacy.api.kafka_exporters.v1.ListKafkaExportersRequest
      billingId: must be empty
      projectId: uuid
    strmprivacy.api.kafka_exporters.v1.DeleteKafkaExporterRequest
      ref: must be set
    strmprivacy.api.kafka_exporters.v1.CreateKafkaExporterRequest
      kafkaExporter: must be set
    strmprivacy.api.kafka_exporters.v1.GetKafkaExporterRequest
      ref: must be set
    strmprivacy.api.kafka_users.v1.ListKafkaUsersRequest
      ref: must be set
    strmprivacy.api.kafka_users.v1.DeleteKafkaUserRequest
      ref: must be set
    strmprivacy.api.kafka_users.v1.CreateKafkaUserRequest
      kafkaUser: must be set
    strmprivacy.api.kafka_users.v1.GetKafkaUserRequest
      ref: must be set
    strmprivacy.api.key_streams.v1.ListKeyStreamsRequest
      billingId: must be empty
      projectId: uuid
    strmprivacy.api.key_streams.v1.GetKeyStreamRequest
      ref: must be set
    strmprivacy.api.organizations.v1.InviteUsersRequest
      userInvites: ≥1 items, ≤500 items
      organizationId: uuid, empty ok
    strmprivacy.api.organizations.v1.ListUserInvitesRequest
      organizationId: uuid, empty ok
    strmprivacy.api.organizations.v1.UserInvite
      email: email
    strmprivacy.api.organizations.v1.InviteUsersResponse.UserInviteIssue
      invite: must be set
    strmprivacy.api.organizations.v1.UpdateUserRolesRequest
      emails: ≥1 items, each: email
    strmprivacy.api.organizations.v1.GetUserRequest
      email: email
    strmprivacy.api.policies.v1.DeletePolicyRequest
      policyId: uuid
    strmprivacy.api.policies.v1.CreatePolicyRequest
      policy: must be set
    strmprivacy.api.policies.v1.UpdatePolicyRequest
      policy: must be set
      updateMask: must be set
    strmprivacy.api.policies.v1.GetPolicyRequest
      policyId: uuid, empty ok
    strmprivacy.api.projects.v1.GetProjectRequest
      projectId: uuid
    strmprivacy.api.projects.v1.CreateProjectRequest
      project: must be set
    strmprivacy.api.projects.v1.DeleteProjectRequest
      projectId: uuid
    strmprivacy.api.projects.v1.ArchiveProjectRequest
      projectId: uuid
    strmprivacy.api.projects.v1.AddProjectMembersRequest
      emails: ≥1 items, each: email
      projectId: uuid
    strmprivacy.api.projects.v1.RemoveProjectMembersRequest
      emails: ≥1 items, each: email
      projectId: uuid
    strmprivacy.api.projects.v1.ListProjectMembersRequest
      projectId: uuid
    strmprivacy.api.purpose_mapping.v1.CreatePurposeMappingRequest
      purposeMapping: must be set
    strmprivacy.api.purpose_mapping.v1.GetPurposeMappingRequest
      level: ≥0
    strmprivacy.api.streams.v1.ListStreamsRequest
      billingId: must be empty
      projectId: uuid
    strmprivacy.api.streams.v1.ListExtendedStreamsRequest
      clientIds: ≥1 items
    strmprivacy.api.streams.v1.DeleteStreamRequest
      ref: must be set
    strmprivacy.api.streams.v1.CreateStreamRequest
      stream: must be set
    strmprivacy.api.streams.v1.GetStreamRequest
      ref: must be set
    strmprivacy.api.usage.v1.GetStreamEventUsageRequest
      interval: ≥60 s
    strmprivacy.api.usage.v1.StoreUsageEventRequest
      billingId: must be empty
      stream: len 4–100, NAME
      eventCount: ≥0
      projectId: uuid
    strmprivacy.internal_api.usage.v1.GetEventUsageRequest
      startTime: must be set
      endTime: must be set
    """#

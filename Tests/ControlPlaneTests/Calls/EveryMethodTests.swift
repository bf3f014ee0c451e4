import JSON
import TestKit
import Testing

/// Every method of every definition is called once, and its answer judged; or it is in the list of those that are not served, with the
/// reason. A method in neither of the two fails the test.
@Suite struct EveryMethodTests {
    /// What is not served on purpose.
    private static let unserved = [
        (
            "internal.",
            "these are between the parts of another control plane, behind its gateway; ours have polder.plane.v1"
        )
    ]

    @Test func `every method of every service is answered, or is not served on purpose`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            Self.accounts + Self.streams + Self.contracts + Self.resources + Self.reports + Self.ends,
            more: ["unserved": .array(Self.unserved.map { .string($0.0) })])
    }

    /// What callers do, noted by method; people, projects, installations.
    private static let accounts = """
        import uuid
        driven = set()
        def drive(who, method, **fields):
            driven.add(method)
            return who(method, **fields)
        def refuse(code, who, method, **fields):
            driven.add(method)
            return refused(code, who, method, **fields)
        def named(name): return {"name": name, "project_id": project}
        none = str(uuid.UUID(int=0x400080 << 60 | 1))

        A = "AccountService/"
        assert drive(admin, A + "GetAccountDetails").subscription
        assert drive(member, A + "GetLegacyBillingId").billing_id == ""
        assert drive(admin, A + "CreateAccountHandle", handle="webshop").handle == "webshop"
        drive(member, A + "UpdateOnboarding", is_onboarding_done=True)
        assert member(A + "GetAccountDetails").is_onboarding_done
        for method, fields in [("InitializeCheckout", {"plan_id": "FREE"}), ("GetCheckoutStatus", {}), ("SetCheckoutCancelled", {}),
                ("InitializeCustomerPortal", {})]:
            assert "nothing to pay" in refuse("FAILED_PRECONDITION", admin, A + method, **fields)
        assert "planId" in refused("INVALID_ARGUMENT", admin, A + "InitializeCheckout", plan_id="GOLD")

        P = "ProjectsService/"
        shops = drive(admin, P + "CreateProject", project={"name": "shops"}).project
        assert [p.name for p in drive(admin, P + "ListProjects").projects] == ["default", "shops"]
        assert drive(admin, P + "GetProject", project_id=shops.id).project == shops
        drive(admin, P + "AddProjectMembers", emails=["member@example.com"], project_id=shops.id)
        assert "member@example.com" in str(drive(member, P + "ListProjectMembers", project_id=shops.id))
        drive(admin, P + "RemoveProjectMembers", emails=["member@example.com"], project_id=shops.id)
        drive(admin, P + "ArchiveProject", project_id=shops.id)
        assert admin(P + "GetProject", project_id=shops.id).project.state == 3
        drive(admin, P + "DeleteProject", project_id=shops.id)

        O = "OrganizationsService/"
        assert drive(admin, O + "InviteUsers", user_invites=[{"email": "anna@example.com", "user_role": "MEMBER"}]).invite_count == 1
        assert [i.email for i in drive(admin, O + "ListUserInvites").user_invites] == ["anna@example.com"]
        drive(admin, O + "UpdateUserRoles", emails=["stranger@example.com"], user_roles=["APPROVER"])
        assert list(drive(member, O + "GetUser", email="stranger@example.com").user.user_roles) == [3]
        assert len(drive(member, O + "ListOrganizationMembers").organization_members) == 5

        I = "InstallationsService/"
        own = drive(member, I + "ListInstallations").installations[0]
        assert own.id == installation == drive(member, I + "GetInstallation", installation_id=installation).installation.id
        assert drive(member, I + "GetProjectInstallation", project_id=project).installation_id == installation
        assert list(drive(member, I + "ListInstallationProjects", installation_id=installation).project_ids) == [project]
        assert list(drive(data_plane, "HandlesService/ListInstallationHandles", installation_id=installation).installation_handles) == ["webshop"]
        V = "CustomerEntityVersionsService/"
        for method in ["GetDecrypterImage", "GetBatchExporterImage", "GetBatchJobRunnerImage"]:
            assert drive(data_plane, V + method, installation_type="SELF_HOSTED").image
        assert "Kafka" in refuse("FAILED_PRECONDITION", data_plane, V + "GetKafkaExporterImage")
        assert drive(member, "CliService/GetRelease").release.version

        """

    private static let streams = """
        L = "PoliciesService/"
        policy = drive(member, L + "CreatePolicy", policy={"name": "one month", "retention_days": 30}).policy
        assert uuid.UUID(policy.id).version == 4 and policy.state == 1, "an id is made where none was sent"
        assert drive(member, L + "UpdatePolicy", policy={"id": policy.id, "retention_days": 31}, update_mask="retentionDays").policy.retention_days == 31
        assert "policy.id" in refused("INVALID_ARGUMENT", member, L + "UpdatePolicy", policy={"retention_days": 3}, update_mask="retentionDays")
        assert [p.name for p in drive(member, L + "ListPolicies").policies] == ["one month"]
        assert drive(data_plane, L + "GetPolicy").policy.retention_days == 2556
        drive(admin, L + "DeletePolicy", policy_id=policy.id)
        refused("NOT_FOUND", admin, L + "GetPolicy", policy_id=policy.id)
        M = "PurposeMappingService/"
        level = drive(member, M + "CreatePurposeMapping", purpose_mapping={"purpose": "marketing"}).purpose_mapping.level
        assert drive(member, M + "GetPurposeMapping", level=level).purpose_mapping == drive(member, M + "ListPurposeMappings").purpose_mappings[level]

        S = "StreamsService/"
        clicks = drive(member, S + "CreateStream", stream={"ref": named("clicks")}).stream
        assert drive(member, S + "GetStream", ref=named("clicks")).stream_tree.stream.credentials == clicks.credentials
        assert "clicks" in str(drive(member, S + "ListStreams", project_id=project))
        found = drive(data_plane, S + "ListExtendedStreams", client_ids=[clicks.credentials[0].client_id]).extended_streams
        assert [s.topic for s in found] == [clicks.kafka_topic]
        member(S + "CreateStream", stream={"ref": named("spare")})
        drive(admin, S + "DeleteStream", ref=named("spare"))
        refused("NOT_FOUND", admin, S + "GetStream", ref=named("spare"))
        K = "KeyStreamsService/"
        assert drive(member, K + "GetKeyStream", ref=named("clicks")).key_stream in drive(member, K + "ListKeyStreams", project_id=project).key_streams
        C = "CredentialsService/"
        second = drive(member, C + "CreateCredential", stream_ref=named("clicks")).credentials
        assert len(drive(member, C + "ListCredentials", stream_ref=named("clicks")).credentials) == 2
        assert drive(member, C + "GetCredential", client_id=second.client_id).credential == second
        drive(admin, C + "DeleteCredential", client_id=second.client_id)
        assert len(member(C + "ListCredentials", stream_ref=named("clicks")).credentials) == 1

        G = "PlaneService/"
        plane = drive(data_plane, G + "GetPlane")
        assert "clicks" in [s.extended_stream.stream.ref.name for s in plane.streams]
        driven.add(G + "WatchPlane")
        hints = data_plane.stream(G + "WatchPlane", component="python")
        assert next(hints).version == plane.version
        drive(data_plane, G + "ConfirmPlane", component="python", version=plane.version)
        hints.cancel()
        assert list(drive(data_plane, "StreamsAgentService/GetStreams").extended_streams) == [s.extended_stream for s in plane.streams]

        """

    private static let contracts = """
        D = "DataContractsService/"
        ref = {"handle": "webshop", "name": "orders", "version": "1.0.0"}
        simple = {"name": "Order", "nodes": [{"type": "STRING", "name": "email", "required": True}, {"type": "STRING", "name": "Note"}]}
        assert drive(member, D + "SimpleSchemaDryRun", simple_schema_definition=simple).simple_schema_definition.nodes[0].avro_name == "email"
        contract = {"ref": ref, "project_id": project, "key_field": "email", "pii_fields": {"email": 1}, "schema": {"ref": ref, "simple_schema": simple}}
        made = drive(member, D + "CreateDataContract", data_contract=contract, project_id=project)
        changed = drive(member, D + "UpdateDataContract", data_contract={**contract, "key_field": "Note"}, checksum=made.checksum, update_mask="keyField")
        assert drive(member, D + "GetDataContract", ref=ref).checksum == changed.checksum != made.checksum
        for who in [member, data_plane]:
            everywhere = drive(who, D + "ListDataContracts").data_contracts
            assert "orders" in [c.ref.name for c in everywhere] and len(everywhere) >= len(member(D + "ListDataContracts", project_id=project).data_contracts)
        assert "orders" not in [c.ref.name for c in stranger(D + "ListDataContracts").data_contracts], "of a project that is closed to them"
        for step, who, state in [("Review", member, 2), ("Approve", approver, 6), ("Activate", member, 3), ("Archive", member, 4)]:
            drive(who, D + step + "DataContract", data_contract_ref=ref)
            assert member(D + "GetDataContract", ref=ref).data_contract.state == state
        assert drive(member, D + "GetDataContractSchemaCode", data_contract_ref=ref, language="java").data_size > 100
        wrong = drive(member, D + "ValidateDataContractsMaskedFields", masked_fields={"field_patterns": {"webshop/orders/1.0.0": {"field_patterns": ["nobody"]}}})
        assert wrong.errors[0].errors[0].field_pattern == "nobody"

        # The older views of the same contracts.
        H, E = "SchemasService/", "EventContractsService/"
        schema = drive(member, H + "GetSchema", ref=ref)
        assert [s.ref.name for s in drive(member, H + "ListSchemas", handle="webshop").schemas] == ["orders"]
        for method in [H + "GetSchemaDefinition", D + "GetDataContractSchemaDefinition"]:
            assert drive(data_plane, method, confluent_id=schema.confluent_id).definition == schema.schema.definition
        assert drive(member, H + "GetSchemaCode", ref=ref, language="rust").filename == "rust-avro-orders-1.0.0.zip"
        for method, who in [("CreateSchema", member), ("UpdateSchema", member), ("ActivateSchema", member), ("ArchiveSchema", member), ("DeleteSchema", admin)]:
            assert "DataContractsService" in refuse("FAILED_PRECONDITION", who, H + method)
        older = {"ref": {**ref, "name": "older"}, "schema_ref": ref, "key_field": "email", "pii_fields": {"Note": 2}, "metadata": {"title": "Older"}}
        event = drive(member, E + "CreateEventContract", event_contract=older, project_id=project)
        twin = member(D + "GetDataContract", ref=older["ref"])
        assert event.event_contract.state == 1 and twin.checksum == event.checksum and twin.data_contract.schema.definition == schema.schema.definition
        assert dict(event.event_contract.pii_fields) == {"Note": 2} and event.event_contract.metadata.title == "Older"
        refused("NOT_FOUND", member, E + "CreateEventContract", project_id=project, event_contract={**older, "schema_ref": {**ref, "name": "nobody"}})
        refused("ALREADY_EXISTS", member, E + "CreateEventContract", project_id=project, event_contract=older)
        here = {"project_id": project, "event_contract_ref": older["ref"]}
        change = {"event_contract": {**older, "key_field": "Note"}, "project_id": project, "update_mask": "keyField"}
        refused("ABORTED", member, E + "UpdateEventContract", checksum="1", **change)
        event = drive(member, E + "UpdateEventContract", checksum=event.checksum, **change)
        assert event.event_contract.key_field == "Note" and event == type(event).FromString(
            member(E + "GetEventContract", ref=older["ref"]).SerializeToString())
        assert "DRAFT" in refuse("FAILED_PRECONDITION", member, E + "ActivateEventContract", **here), "review and approval are not passed over"
        member(D + "ReviewDataContract", data_contract_ref=older["ref"]); approver(D + "ApproveDataContract", data_contract_ref=older["ref"])
        refused("INVALID_ARGUMENT", member, E + "ActivateEventContract", **{**here, "project_id": none})
        drive(member, E + "ActivateEventContract", **here)
        assert drive(member, E + "GetEventContract", ref=older["ref"]).event_contract.state == 2
        drive(member, E + "ArchiveEventContract", **here)
        assert "older" in [c.ref.name for c in drive(member, E + "ListEventContracts", handle="webshop").event_contracts]
        assert drive(data_plane, E + "GetEventContractAndSchema", ref=older["ref"]).confluent_id == schema.confluent_id
        assert drive(member, E + "ValidateMaskedFields", masked_fields={"field_patterns": {"webshop/older/1.0.0": {"field_patterns": ["Note"]}}}, project_id=project).errors == []
        draft = {**older, "ref": {**ref, "name": "draft"}}
        member(E + "CreateEventContract", event_contract=draft, project_id=project)
        drive(admin, E + "DeleteEventContract", event_contract_ref=draft["ref"], project_id=project)
        member(E + "CreateEventContract", event_contract=draft, project_id=project)
        drive(admin, D + "DeleteDataContract", data_contract_ref=draft["ref"], project_id=project)

        """

    private static let resources = """
        N = "DataConnectorsService/"
        for name in ["bucket", "spare"]:
            drive(member, N + "CreateDataConnector", data_connector={"ref": named(name), "s3_bucket": {"bucket_name": "b", "credentials": "{}"}})
        assert drive(member, N + "GetDataConnector", ref=named("bucket")).data_connector in drive(member, N + "ListDataConnectors", project_id=project).data_connectors
        drive(admin, N + "DeleteDataConnector", ref=named("spare"))
        assert len(drive(data_plane, "DataConnectorsAgentService/GetDesiredDataConnectors").data_connectors) == 1
        X = "BatchExportersService/"
        exporter = drive(member, X + "CreateBatchExporter", batch_exporter={"ref": {"project_id": project}, "stream_ref": named("clicks"),
            "interval": "60s", "data_connector_ref": named("bucket")}).batch_exporter
        assert list(drive(member, X + "ListBatchExporters", project_id=project).batch_exporters) == [exporter]
        assert drive(member, X + "GetBatchExporter", ref=named(exporter.ref.name)).batch_exporter == exporter
        assert len(drive(data_plane, "BatchExportersAgentService/GetDesiredBatchExporters").exporters) == 1
        drive(admin, X + "DeleteBatchExporter", ref=named(exporter.ref.name))
        J = "BatchJobsService/"
        at = {"data_connector_ref": named("bucket"), "file_name": "f.csv"}
        job = drive(member, J + "CreateBatchJob", job={"micro_aggregation_batch_job": {"ref": {"project_id": project}, "source_data": at, "target_data": at,
            "data_contract_ref": {"handle": "strmprivacy", "name": "example", "version": "1.5.0"}, "aggregation_config": {"minimum_k_anonymity": 2}}}).job
        assert job.micro_aggregation_batch_job.source_data.data_type.csv.charset == "UTF-8", "what a job leaves out is CSV"
        which = job.micro_aggregation_batch_job.ref
        here = {"id": which.id, "project_id": project}
        drive(data_plane, J + "UpdateBatchJobState", ref=here, batch_job_state={"state": "STARTED"})
        assert [s.state for s in drive(member, J + "GetBatchJob", ref=here).job.micro_aggregation_batch_job.states] == [1, 2]
        assert len(drive(member, J + "ListBatchJobs", project_id=project).jobs) == 1
        assert len(drive(data_plane, "BatchJobsAgentService/GetDesiredBatchJobs").extended_batch_jobs) == 1
        drive(admin, J + "DeleteBatchJob", ref=here)

        R, Q, U = "KafkaClustersService/", "KafkaExportersService/", "KafkaUsersService/"
        cluster = drive(member, R + "CreateKafkaCluster", kafka_cluster={"ref": named("mine"), "bootstrap_servers": "k:1", "auth_mechanism": "SASL_SSL"}).kafka_cluster
        assert cluster in drive(member, R + "ListKafkaClusters", project_id=project).kafka_clusters
        shared = drive(member, R + "GetKafkaCluster", ref=named("shared-export")).kafka_cluster
        assert shared.ref.billing_id == "internal", "found whatever project is named"
        drive(admin, R + "DeleteKafkaCluster", ref=named("mine"))
        export = drive(member, Q + "CreateKafkaExporter", kafka_exporter={"ref": {"project_id": project}, "stream_ref": named("clicks"),
            "target": {"cluster_ref": named("shared-export")}}).kafka_exporter
        assert export.target.cluster_ref == shared.ref
        at = named(export.ref.name)
        assert drive(member, Q + "GetKafkaExporter", ref=at).kafka_exporter == export
        assert [e.ref.name for e in drive(member, Q + "ListKafkaExporters", project_id=project).kafka_exporters] == [export.ref.name]
        user = drive(member, U + "CreateKafkaUser", kafka_user={"ref": {"project_id": project}, "kafka_exporter_name": export.ref.name}).kafka_user
        assert len(drive(member, U + "ListKafkaUsers", ref=at).kafka_users) == 2
        assert drive(member, U + "GetKafkaUser", ref=named(user.ref.name)).kafka_user == user
        drive(admin, U + "DeleteKafkaUser", ref=named(user.ref.name))
        drive(admin, Q + "DeleteKafkaExporter", ref=at, recursive=True)

        """

    private static let reports = """
        W = "MonitoringService/"
        state = {"ref": {"type": "STREAM", "project_id": project, "name": "clicks"}, "status": "HEALTHY", "state_time": "2026-01-01T00:00:00Z"}
        driven.add(W + "UpdateEntityStates")
        data_plane.send(W + "UpdateEntityStates", [{"states": [state]}])
        latest = drive(member, W + "GetLatestEntityStates", ref={"project_id": project}).state
        driven.add(W + "GetEntityState")
        follow = member.stream(W + "GetEntityState", ref={"project_id": project})
        assert [next(follow).state] == list(latest) and latest[0].status == 1
        follow.cancel()
        B = "InstalledComponentsService/"
        where = {"installation_id": installation}
        drive(data_plane, B + "UpdateInstalledComponentState", component_type="WEB_SOCKET", instance_id="host-1",
            installed_component_state={"state_type": "RUNNING"}, **where)
        one = drive(member, B + "GetInstalledComponent", installed_component_type="WEB_SOCKET", **where).installed_component
        assert one in drive(member, B + "ListInstalledComponents", **where).installed_components
        assert 6 in [c.component_type for c in drive(member, B + "ListInstalledComponentsCurrentStates", **where).installed_components]
        Y = "UsageService/"
        drive(data_plane, Y + "StoreUsageEvent", stream="clicks", event_count=7, event_arrival_time="2026-03-01T10:00:00Z", project_id=project)
        windows = drive(member, Y + "GetStreamEventUsage", ref=named("clicks"), start_time="2026-03-01T10:00:00Z", end_time="2026-03-01T10:02:00Z", interval="60s").windows
        assert windows[1].event_count == 7
        Z = "DataSubjectsService/"
        link = str(uuid.uuid4())
        stored = drive(data_plane, Z + "AddDataSubjectsKeyLinks", project_id=project, data_subject_keylinks=[
            {"data_subject_id": "person", "keylinks_and_timestamps": [{"key_link": link, "expiry_time": "2030-01-01T00:00:00Z"}]}])
        assert stored.stored_count == 1 and [s.data_subject_id for s in drive(member, Z + "ListDataSubjects").data_subjects] == ["person"]
        assert link in str(drive(member, Z + "ListDataSubjectKeylinks", data_subject_id=["person"]))
        assert drive(admin, Z + "DeleteDataSubjects", data_subjects=["person"]).deleted_keylinks_count == 1
        assert drive(admin, "AuditService/ListAuditEntries").entries[0].kind == "data subject"

        """

    private static let ends = """
        every = {f"{name}/{method.name}" for name, (service, _) in services.items() for method in service.methods}
        unserved = {method for method in every if method.startswith(tuple(rig["unserved"]))}
        assert not driven & unserved, driven & unserved
        assert not every - driven - unserved, every - driven - unserved
        for method in sorted(unserved):
            for caller in [admin, data_plane, nobody]:
                assert "there is no method" in refused("UNIMPLEMENTED", caller, method)
        """
}

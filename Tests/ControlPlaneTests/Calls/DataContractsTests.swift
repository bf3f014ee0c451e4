import Testing

@Suite struct DataContractsTests {
    /// Contracts to make things of.
    private static let prelude = """
        D = "DataContractsService/"
        META = {"name": "strmMeta", "type": {"type": "record", "name": "StrmMeta", "fields": [
            {"name": "eventContractRef", "type": "string"},
            {"name": "nonce", "type": ["null", "int"], "default": None},
            {"name": "timestamp", "type": ["null", "long"], "default": None},
            {"name": "keyLink", "type": ["null", "string"], "default": None},
            {"name": "billingId", "type": ["null", "string"], "default": None},
            {"name": "consentLevels", "type": {"type": "array", "items": "int"}}]}}
        def avro(*fields):
            return json.dumps({"type": "record", "name": "Order", "namespace": "shop", "fields": [META, *fields]})
        MAIL = {"name": "email", "type": "string"}
        COUNT = {"name": "count", "type": "int"}
        NOTE = {"name": "note", "type": ["null", "string"], "default": None}
        def ref(name, version="1.0.0"):
            return {"handle": "shop", "name": name, "version": version}
        def contract(name, version="1.0.0", **fields):
            schema = {"ref": ref(name, version), "definition": avro(MAIL, COUNT, NOTE)}
            schema.update(fields.pop("schema", {}))
            return {"ref": ref(name, version), "project_id": project, "key_field": "email", "schema": schema,
                "field_metadata": [{"field_name": "email", "personal_data_config": {"is_pii": True, "purpose_level": 1}}],
                **fields}
        def create(who=member, **fields):
            return who(D + "CreateDataContract", data_contract=contract(**fields), project_id=project)
        def refuse(code, name="refused", **fields):
            return refused(code, member, D + "CreateDataContract", data_contract=contract(name, **fields), project_id=project)
        def move(step, who, name):
            who(D + step + "DataContract", data_contract_ref=ref(name))
        def state(name):
            return member(D + "GetDataContract", ref=ref(name)).data_contract.state


        """

    @Test func `a contract goes from draft to archive by the steps that there are, and by no other`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            Self.prelude + """
                made = create(name="orders", metadata={"title": "Orders", "labels": [{"key": "team", "value": "a"}]})
                c = made.data_contract
                assert c.state == 1 and c.id and c.schema.id == c.id and c.project_id == project and c.schema.state == 1
                assert c.schema.ref.schema_type == 1 and int(c.schema.fingerprint) and c.metadata.create_time.seconds > 0
                assert c.creator_external_user_id and made.checksum and not c.is_public
                got = member(D + "GetDataContract", ref=ref("orders"))
                assert got.data_contract == c and got.checksum == made.checksum
                assert member(D + "GetDataContract", id=c.id.upper(), ref=ref("nobody")).data_contract == c
                assert data_plane(D + "GetDataContract", id=c.id).data_contract == c
                refused("INVALID_ARGUMENT", member, D + "GetDataContract")
                refused("NOT_FOUND", member, D + "GetDataContract", ref=ref("nobody"))
                refused("NOT_FOUND", stranger, D + "GetDataContract", id=c.id)
                refused("ALREADY_EXISTS", member, D + "CreateDataContract", data_contract=contract("orders"), project_id=project)
                refused("PERMISSION_DENIED", stranger, D + "CreateDataContract", data_contract=contract("more"), project_id=project)

                steps = {"Review": member, "Approve": approver, "Activate": member, "Archive": member}
                def only(*possible):
                    for step, who in steps.items():
                        if step not in possible:
                            details = refused("FAILED_PRECONDITION", who, D + step + "DataContract", data_contract_ref=ref("orders"))
                            assert "orders" in details
                version = lambda: data_plane("PlaneService/GetPlane").version
                def in_plane():
                    return {f"{p.ref.name}": p.state for p in data_plane("PlaneService/GetPlane").contracts if p.ref.handle == "shop"}
                before = version()
                only("Review")
                move("Review", member, "orders"); assert state("orders") == 2; only("Approve")
                refused("PERMISSION_DENIED", member, D + "ApproveDataContract", data_contract_ref=ref("orders"))
                move("Approve", approver, "orders"); assert state("orders") == 6; only("Activate")
                assert in_plane() == {} and version() == before
                move("Activate", member, "orders"); assert state("orders") == 3; only("Archive")
                assert in_plane() == {"orders": 3} and version() != before
                before = version()
                move("Archive", member, "orders"); assert state("orders") == 4; only("Activate")
                assert in_plane() == {"orders": 4} and version() != before
                move("Activate", member, "orders"); assert state("orders") == 3
                details = refused("FAILED_PRECONDITION", admin, D + "DeleteDataContract", data_contract_ref=ref("orders"), project_id=project)
                assert "ACTIVE" in details

                create(name="draft")
                refused("PERMISSION_DENIED", member, D + "DeleteDataContract", data_contract_ref=ref("draft"), project_id=project)
                refused("INVALID_ARGUMENT", admin, D + "DeleteDataContract", data_contract_ref=ref("draft"), project_id=c.id)
                admin(D + "DeleteDataContract", data_contract_ref=ref("draft"), project_id=project)
                reviewed = create(name="reviewed").data_contract
                member(D + "ReviewDataContract", id=reviewed.id, approver_external_user_id=reviewed.creator_external_user_id)
                refused("NOT_FOUND", member, D + "ReviewDataContract", id=reviewed.id, approver_external_user_id=reviewed.id)
                admin(D + "DeleteDataContract", id=reviewed.id, project_id=project)
                refused("NOT_FOUND", admin, D + "DeleteDataContract", id=reviewed.id, project_id=project)

                for step in ["Review", "Approve", "Activate", "Archive", "Delete"]:
                    fields = {"project_id": project} if step == "Delete" else {}
                    details = refused("FAILED_PRECONDITION", admin, D + step + "DataContract", **fields,
                        data_contract_ref={"handle": "strmprivacy", "name": "example", "version": "1.3.0"})
                    assert "built in" in details or "not possible" in details, details
                trail = admin("AuditService/ListAuditEntries", kind="data contract", reference="shop/orders/1.0.0").entries
                assert len(trail) == 6
                """)
    }

    @Test func `what the gateway would not accept is refused, with the reason`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            Self.prelude + """
                def pii(path):
                    return [{"field_name": path, "personal_data_config": {"is_pii": True}}]
                assert "keyField" in refuse("INVALID_ARGUMENT", key_field="missing")
                assert "count" in refuse("INVALID_ARGUMENT", key_field="count")
                assert "fieldMetadata[0].fieldName" in refuse("INVALID_ARGUMENT", field_metadata=pii("nobody"))
                assert "string" in refuse("INVALID_ARGUMENT", field_metadata=pii("count"))
                assert "piiFields" in refuse("INVALID_ARGUMENT", field_metadata=[], pii_fields={"count": 1})
                assert "dataSubjectField" in refuse("INVALID_ARGUMENT", data_subject_field="count")
                details = refuse("INVALID_ARGUMENT", validations=[{"field": "email", "type": "regex", "value": "(["}])
                assert "validations[0].value" in details, details
                refuse("INVALID_ARGUMENT", validations=[{"field": "email", "type": "glob", "value": "x"}])
                details = refuse("INVALID_ARGUMENT", key_field="missing", validations=[{"field": "nobody", "type": "regex", "value": "x"}])
                assert "keyField" in details and "validations[0].field" in details, details
                bare = json.dumps({"type": "record", "name": "Order", "fields": [MAIL]})
                assert "strmMeta" in refuse("INVALID_ARGUMENT", schema={"definition": bare})
                refuse("INVALID_ARGUMENT", schema={"definition": "no schema"})
                refuse("INVALID_ARGUMENT", schema={"definition": ""})
                refuse("INVALID_ARGUMENT", name="a/b/c")
                refuse("INVALID_ARGUMENT", version="one")
                create(name="first")
                details = refuse("FAILED_PRECONDITION", name="second", schema={
                    "ref": ref("first"), "definition": avro(MAIL, COUNT)})
                assert "shop/first/1.0.0" in details, details
                create(name="third", schema={"ref": ref("first")})
                """)
    }

    @Test func `a simple schema becomes Avro, with names filled in`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            Self.prelude + """
                simple = {"name": "Clicks", "nodes": [
                    {"type": "STRING", "name": "Session Id", "required": True}, {"type": "STRING", "name": "User Name"},
                    {"type": "NODE", "name": "mouse positions", "repeated": True, "nodes": [
                        {"type": "INTEGER", "name": "x"}, {"type": "FLOAT", "name": "y"}]}]}
                dry = member(D + "SimpleSchemaDryRun", simple_schema_definition=simple).simple_schema_definition
                assert [n.avro_name for n in dry.nodes] == ["SessionId", "UserName", "MousePositions"], dry
                assert dry.avro_name == "Clicks" and dry.namespace == ""
                twice = {"name": "Twice", "nodes": [{"type": "STRING", "name": "a b"}, {"type": "STRING", "name": "a-b"}]}
                assert "nodes[1].name" in refused(
                    "INVALID_ARGUMENT", member, D + "SimpleSchemaDryRun", simple_schema_definition=twice)
                made = member(D + "CreateDataContract", project_id=project, data_contract={
                    "ref": ref("clicks"), "project_id": project, "key_field": "SessionId",
                    "schema": {"ref": ref("clicks"), "simple_schema": simple},
                    "field_metadata": [{"field_name": "UserName", "personal_data_config": {"is_pii": True}}]})
                c = made.data_contract
                definition = json.loads(c.schema.definition)
                assert definition["namespace"] == "shop.clicks.v1_0_0" and definition["name"] == "Clicks"
                assert [f["name"] for f in definition["fields"]] == ["strmMeta", "SessionId", "UserName", "MousePositions"]
                assert c.schema.simple_schema.nodes[1].avro_name == "UserName" and c.schema.ref.schema_type == 1

                # What was got can be sent back.
                c.key_field = "UserName"
                from google.protobuf import json_format
                again = member(D + "UpdateDataContract", checksum=made.checksum, data_contract=json_format.MessageToDict(c),
                    update_mask="keyField")
                assert again.data_contract.key_field == "UserName" and again.checksum != made.checksum
                """)
    }

    @Test func `a JSON Schema is told from an Avro schema, and a keyword that nobody checks is refused`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            Self.prelude + """
                import io, zipfile
                def schema(**more):
                    return json.dumps({"type": "object", "required": ["strmMeta", "email"], "properties": {
                        "strmMeta": {"type": "object", "required": ["eventContractRef", "consentLevels"], "properties": {
                            "eventContractRef": {"type": "string"}, "consentLevels": {"type": "array", "items": {"type": "integer"}}}},
                        "email": {"type": "string", **more}, "count": {"type": "integer"}, "note": {"type": "string"}}})
                c = create(name="json", schema={"definition": schema(maxLength=200)}).data_contract
                assert c.schema.ref.schema_type == 2 and c.schema.definition == schema(maxLength=200) and int(c.schema.fingerprint)
                move("Review", member, "json"); move("Approve", approver, "json"); move("Activate", member, "json")
                assert "json" in [p.ref.name for p in data_plane("PlaneService/GetPlane").contracts]
                code = member(D + "GetDataContractSchemaCode", data_contract_ref=ref("json"), language="python")
                assert zipfile.ZipFile(io.BytesIO(code.data)).namelist()[1] == "python-json-json-1.0.0/schema/schema.json"
                assert [s.ref.name for s in member("SchemasService/ListSchemas", handle="shop", schema_type="JSONSCHEMA").schemas] == ["json"]
                assert "dynamicRef" in refuse("INVALID_ARGUMENT", schema={"definition": schema(**{"$dynamicRef": "#x"})})
                assert "schemaType" in refuse("INVALID_ARGUMENT", schema={
                    "ref": {**ref("refused"), "schema_type": "AVRO"}, "definition": schema()})
                assert "count" in refuse("INVALID_ARGUMENT", schema={"definition": schema()}, key_field="count")
                refuse("INVALID_ARGUMENT", schema={"definition": "{}"})
                """)
    }

    @Test func `an update needs the last checksum, and changes what its mask names`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            Self.prelude + """
                made = create(name="orders")
                def update(checksum, mask, **fields):
                    return member(D + "UpdateDataContract", checksum=checksum, update_mask=mask, data_contract=contract("orders", **fields))
                def refuse_update(code, checksum, mask, **fields):
                    return refused(code, member, D + "UpdateDataContract", checksum=checksum, update_mask=mask,
                        data_contract=contract("orders", **fields))
                refuse_update("ABORTED", "1234", "keyField", key_field="note")
                changed = update(made.checksum, "keyField", key_field="note", data_subject_field="email")
                assert changed.data_contract.key_field == "note" and changed.data_contract.data_subject_field == ""
                refuse_update("ABORTED", made.checksum, "keyField", key_field="email")
                refuse_update("INVALID_ARGUMENT", changed.checksum, "state")
                refuse_update("INVALID_ARGUMENT", changed.checksum, "keyField", key_field="count")
                whole = update(changed.checksum, None, data_subject_field="email", metadata={"title": "Orders"})
                assert whole.data_contract.key_field == "email" and whole.data_contract.data_subject_field == "email"
                assert whole.data_contract.metadata.create_time == made.data_contract.metadata.create_time
                assert whole.data_contract.id == made.data_contract.id

                move("Review", member, "orders"); move("Approve", approver, "orders")
                checksum = member(D + "GetDataContract", ref=ref("orders")).checksum
                refuse_update("FAILED_PRECONDITION", checksum, "metadata", metadata={"title": "Better"})
                move("Activate", member, "orders")
                checksum = member(D + "GetDataContract", ref=ref("orders")).checksum
                titled = update(checksum, "metadata.title", metadata={"title": "Better", "description": "not named"})
                assert titled.data_contract.metadata.title == "Better" and titled.data_contract.metadata.description == ""
                assert "metadata" in refuse_update("FAILED_PRECONDITION", titled.checksum, "keyField", key_field="note")
                """)
    }

    @Test func `lists show public contracts and those of the project, narrowed by every filter that is given`()
        async throws
    {
        let rig = try await APIRig.start()
        try await rig.python(
            Self.prelude + """
                create(name="first", is_public=True, metadata={"labels": [{"key": "team", "value": "a"}], "domains": ["web"]})
                create(name="second", metadata={"labels": [{"key": "team", "value": "b"}], "domains": ["web", "app"], "industries": ["i"]})
                other = admin("ProjectsService/CreateProject", project={"name": "other"}).project.id
                def names(who=member, project_id=project, **filters):
                    answer = who(D + "ListDataContracts", project_id=project_id, **filters)
                    assert list(answer.data_contracts) == [c.data_contract for c in answer.data_contracts_and_checksums]
                    assert all(c.checksum for c in answer.data_contracts_and_checksums)
                    return [c.ref.name for c in answer.data_contracts if c.ref.handle != "strmprivacy"]
                public = {f"{c.ref.name}/{c.ref.version}": c for c in member(D + "ListDataContracts", project_id=project).data_contracts}
                assert {"example/1.3.0", "example/1.5.0", "clickstream/1.0.0"} <= set(public), set(public)
                for c in public.values():
                    if c.ref.handle == "strmprivacy":
                        assert c.is_public and c.state == 3 and c.id and c.schema.definition and c.schema.fingerprint, c
                        assert member(D + "GetDataContract", id=c.id).data_contract == c
                assert names() == ["first", "second"]
                assert names(admin, other) == ["first"]
                refused("PERMISSION_DENIED", stranger, D + "ListDataContracts", project_id=project)
                assert names(public_private="ONLY_PRIVATE") == ["second"]
                assert names(public_private="ONLY_PUBLIC") == ["first"]
                assert names(labels=[{"key": "team"}]) == ["first", "second"]
                assert names(labels=[{"key": "team", "value": "b"}]) == ["second"]
                assert names(labels=[{"key": "team"}], domains=["web", "app"]) == ["second"]
                assert names(industries=["i"], domains=["nowhere"]) == []
                assert names(handle="shop", name="first") == ["first"] and names(handle="nobody") == []
                assert names(filter="SECO") == ["second"]

                assert [s.ref.name for s in member("SchemasService/ListSchemas", handle="shop").schemas] == ["first", "second"]
                assert [s.ref.name for s in stranger("SchemasService/ListSchemas", handle="shop").schemas] == ["first"]
                older = member("EventContractsService/ListEventContracts", handle="shop").event_contracts
                assert [c.ref.name for c in older] == ["first", "second"] and older[0].pii_fields == {"email": 1}
                assert older[0].key_field == "email" and older[0].schema_ref.name == "first" and older[0].state == 1
                one = member("EventContractsService/GetEventContract", ref=ref("second"))
                assert one.event_contract == older[1] and one.checksum
                both = data_plane("EventContractsService/GetEventContractAndSchema", ref=ref("second"))
                schema = data_plane("SchemasService/GetSchema", ref=ref("second"))
                assert both.schema == schema.schema and both.confluent_id == schema.confluent_id > 0 and schema.checksum
                for definition in [
                    data_plane(D + "GetDataContractSchemaDefinition", confluent_id=schema.confluent_id).definition,
                    data_plane("SchemasService/GetSchemaDefinition", confluent_id=schema.confluent_id).definition]:
                    assert definition == schema.schema.definition
                refused("NOT_FOUND", data_plane, D + "GetDataContractSchemaDefinition", confluent_id=7)
                refused("NOT_FOUND", member, "SchemasService/GetSchema", ref=ref("nobody"))
                refused("NOT_FOUND", stranger, "SchemasService/GetSchema", ref=ref("second"))
                """)
    }

    @Test func `schema code is a zip that Python opens, and masks are judged field by field`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            Self.prelude + """
                import io, zipfile
                create(name="orders")
                for language in ["java", "typescript", "python", "rust"]:
                    code = member(D + "GetDataContractSchemaCode", data_contract_ref=ref("orders"), language=language)
                    assert code.filename == f"{language}-avro-orders-1.0.0.zip" and code.data_size == len(code.data)
                    archive = zipfile.ZipFile(io.BytesIO(code.data))
                    assert archive.testzip() is None
                    top = code.filename[:-4]
                    assert archive.namelist() == [f"{top}/README.md", f"{top}/schema/schema.avsc"]
                    assert archive.read(f"{top}/schema/schema.avsc").decode() == avro(MAIL, COUNT, NOTE)
                    assert "shop/orders/1.0.0" in archive.read(f"{top}/README.md").decode()
                    older = member("SchemasService/GetSchemaCode", ref=ref("orders"), language=language)
                    assert older.data == code.data and older.filename == code.filename
                refused("INVALID_ARGUMENT", member, D + "GetDataContractSchemaCode", data_contract_ref=ref("orders"), language="cobol")
                refused("INVALID_ARGUMENT", member, "SchemasService/GetSchemaCode", ref=ref("orders"), language="cobol")

                masks = {"field_patterns": {
                    "shop/orders/1.0.0": {"field_patterns": ["email", "count", "nobody"]},
                    "strmprivacy/example/1.3.0": {"field_patterns": ["uniqueIdentifier"]},
                    "shop/nobody/1.0.0": {"field_patterns": ["x"]}, "no reference": {"field_patterns": ["x"]}}}
                errors = member(D + "ValidateDataContractsMaskedFields", masked_fields=masks).errors
                assert len(errors) == 3, errors
                found = [e for e in errors if e.id][0]
                assert found.data_contract_ref.name == "orders"
                assert [f.field_pattern for f in found.errors] == ["count", "nobody"] and all(f.message for f in found.errors)
                older = member("EventContractsService/ValidateMaskedFields", masked_fields=masks, project_id=project).errors
                assert [e.message for e in older] == [e.message for e in errors]
                refused("INVALID_ARGUMENT", member, D + "ValidateDataContractsMaskedFields", masked_fields={
                    "field_patterns": {"shop/orders/1.0.0": {"field_patterns": ["strmMeta/keyLink"]}}})
                ref_text = "shop/orders/1.0.0"
                admin("StreamsService/CreateStream", stream={"ref": {"name": "base", "project_id": project}})
                admin("StreamsService/CreateStream", stream={"ref": {"project_id": project}, "linked_stream": "base",
                    "consent_levels": [1], "masked_fields": {"field_patterns": {ref_text: {"field_patterns": ["email"]}}}})
                elsewhere = admin("ProjectsService/CreateProject", project={"name": "elsewhere"}).project.id
                admin("ProjectsService/AddProjectMembers", emails=["stranger@example.com"], project_id=elsewhere)
                stranger("StreamsService/CreateStream", stream={"ref": {"name": "theirs", "project_id": elsewhere}})
                for field in ["email", "nobody"]:  # the contract's project is closed to them: nothing is told of its fields
                    refused("NOT_FOUND", stranger, "StreamsService/CreateStream", stream={"ref": {"project_id": elsewhere}, "linked_stream": "theirs",
                        "consent_levels": [1], "masked_fields": {"field_patterns": {ref_text: {"field_patterns": [field]}}}})
                details = refused("FAILED_PRECONDITION", admin, D + "DeleteDataContract", data_contract_ref=ref("orders"), project_id=project)
                assert "base-M1" in details, details
                def given_out():
                    return {s.extended_stream.stream.ref.name for s in data_plane("PlaneService/GetPlane").streams}
                assert "base" in given_out() and "base-M1" not in given_out()
                move("Review", member, "orders"); move("Approve", approver, "orders"); move("Activate", member, "orders")
                assert "base-M1" in given_out()
                """)
    }
}

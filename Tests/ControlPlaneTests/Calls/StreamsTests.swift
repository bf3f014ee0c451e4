import Testing

@Suite struct StreamsTests {
    @Test func `a stream is made with all that belongs to it, found and removed`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            ref = {"name": "clicks", "project_id": project}
            made = admin("StreamsService/CreateStream", stream={
                "ref": ref, "description": "d", "tags": ["a", "b"], "masked_fields": {}}).stream
            assert made.ref.name == "clicks" and made.ref.project_id == project and made.enabled
            assert made.description == "d" and list(made.tags) == ["a", "b"] and made.linked_stream == ""
            assert made.limits.event_rate > 0 and made.limits.event_count > 0
            assert made.HasField("masked_fields") and len(made.consent_levels) == 0
            credentials = made.credentials[0]
            assert credentials.client_id.startswith("stream-") and len(credentials.client_id) == 37
            assert len(credentials.client_secret) == 30 and credentials.client_secret.isalnum()
            assert credentials.project_id == project

            tree = admin("StreamsService/GetStream", ref=ref).stream_tree
            assert tree.stream == made, (tree.stream, made)
            assert made.kafka_topic.startswith("stream-")
            assert tree.key_stream.kafka_topic == made.kafka_topic.replace("stream-", "keys-")
            assert tree.key_stream.ref.name == "clicks"
            assert approver("StreamsService/GetStream", ref=ref).stream_tree.stream.credentials[0].client_secret == ""
            assert member("StreamsService/GetStream", ref=ref).stream_tree.stream == made

            derived = admin("StreamsService/CreateStream", stream={
                "ref": {"project_id": project}, "linked_stream": "clicks", "consent_levels": [0, 1]}).stream
            assert derived.ref.name == "clicks-0-1" and derived.consent_level_type == 2, derived
            named = admin("StreamsService/CreateStream", stream={
                "ref": {"name": "named", "project_id": project}, "linked_stream": "clicks", "consent_levels": [2],
                "consent_level_type": "CUMULATIVE"}).stream
            assert named.ref.name == "named" and named.consent_level_type == 1

            tree = admin("StreamsService/GetStream", ref=ref, recursive=True).stream_tree
            assert [d.ref.name for d in tree.derived] == ["clicks-0-1", "named"]
            assert all(len(d.credentials) == 0 for d in tree.derived)
            assert not admin("StreamsService/GetStream", ref={"name": "named", "project_id": project}).stream_tree.HasField("key_stream")

            trees = admin("StreamsService/ListStreams", project_id=project, recursive=True).streams
            assert [t.stream.ref.name for t in trees] == ["demo", "other", "clicks", "clicks-0-1", "named"]
            assert [d.ref.name for d in trees[2].derived] == ["clicks-0-1", "named"]
            text = str(trees)
            assert credentials.client_secret not in text and credentials.client_id not in text
            assert all(t.stream.kafka_topic for t in trees)

            extended = data_plane("StreamsService/ListExtendedStreams", client_ids=[
                credentials.client_id, "stream-nobody", derived.credentials[0].client_id]).extended_streams
            assert [e.stream.ref.name for e in extended] == ["clicks", "clicks-0-1"]
            assert extended[0].topic == made.kafka_topic and extended[0].uuid == made.kafka_topic[7:]
            assert extended[0].key_stream and not extended[1].key_stream
            assert len(stranger("StreamsService/ListExtendedStreams", client_ids=[credentials.client_id]).extended_streams) == 0

            keys = admin("KeyStreamsService/ListKeyStreams", project_id=project).key_streams
            assert [k.ref.name for k in keys] == ["demo", "other", "clicks"]
            assert admin("KeyStreamsService/GetKeyStream", ref=ref).key_stream == keys[2]
            refused("NOT_FOUND", admin, "KeyStreamsService/GetKeyStream", ref={"name": "named", "project_id": project})

            details = refused("FAILED_PRECONDITION", admin, "StreamsService/DeleteStream", ref=ref)
            assert "clicks-0-1" in details and "named" in details
            refused("PERMISSION_DENIED", member, "StreamsService/DeleteStream", ref=ref)
            admin("StreamsService/DeleteStream", ref=ref, recursive=True)
            assert len(admin("StreamsService/ListStreams", project_id=project).streams) == 2
            refused("NOT_FOUND", admin, "StreamsService/DeleteStream", ref=ref)
            """)
    }

    @Test func `masks are checked, and their seed is made, kept and shown to its maker`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            admin("StreamsService/CreateStream", stream={"ref": {"name": "clicks", "project_id": project}})
            def derived(masked, **more):
                return {"stream": {"ref": {"project_id": project}, "linked_stream": "clicks", "consent_levels": [0], "masked_fields": masked, **more}}
            example = "strmprivacy/example/1.5.0"
            made = admin("StreamsService/CreateStream", **derived({"field_patterns": {example: {"field_patterns": ["consistentValue"]}}})).stream
            assert made.ref.name == "clicks-M0" and len(made.masked_fields.seed) == 30
            ref = {"name": "clicks-M0", "project_id": project}
            assert admin("StreamsService/GetStream", ref=ref).stream_tree.stream == made
            assert approver("StreamsService/GetStream", ref=ref).stream_tree.stream.masked_fields.seed == ""
            assert made.masked_fields.seed not in str(admin("StreamsService/ListStreams", project_id=project))
            seeded = admin("StreamsService/CreateStream", **derived(
                {"seed": "mine", "field_patterns": {example: {"field_patterns": ["consistentValue"]}}}, consent_levels=[1])).stream
            assert seeded.masked_fields.seed == "mine"
            plane = {s.extended_stream.stream.ref.name: s for s in data_plane("PlaneService/GetPlane").streams}
            assert plane["clicks-M0"].mask_seed == made.masked_fields.seed and plane["clicks-M1"].mask_seed == "mine"
            assert plane["clicks"].mask_seed == "" and plane["clicks-M0"].extended_stream.stream.masked_fields.seed == ""

            bad = [
                ({example: {"field_patterns": ["nowhere"]}}, "INVALID_ARGUMENT", "nowhere"),
                ({example: {"field_patterns": ["strmMeta/nonce"]}}, "INVALID_ARGUMENT", "strmMeta"),
                ({example: {"field_patterns": ["consistentValue", "consistentValue"]}}, "INVALID_ARGUMENT", "twice"),
                ({"no reference": {"field_patterns": ["a"]}}, "INVALID_ARGUMENT", "contract reference"),
                ({"some/body/1.0.0": {"field_patterns": ["a"]}}, "NOT_FOUND", "some/body/1.0.0"),
            ]
            for masks, code, word in bad:
                assert word in refused(code, admin, "StreamsService/CreateStream", **derived({"field_patterns": masks}))
            refused("INVALID_ARGUMENT", admin, "StreamsService/CreateStream", **derived({"hash_type": "MD5"}))
            refused("INVALID_ARGUMENT", admin, "StreamsService/CreateStream", **derived({"seed": "x" * 1001}))
            """)
    }

    @Test func `what a stream cannot be is told, with the field`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            def make(code, word, stream, **ref):
                details = refused(code, admin, "StreamsService/CreateStream", stream={"ref": {"project_id": project, **ref}, **stream})
                assert word in details, details
            admin("StreamsService/CreateStream", stream={"ref": {"name": "clicks", "project_id": project}})
            admin("StreamsService/CreateStream", stream={"ref": {"project_id": project}, "linked_stream": "clicks", "consent_levels": [0]})
            make("INVALID_ARGUMENT", "ref.name", {})
            make("INVALID_ARGUMENT", "name", {}, name="abc")
            make("INVALID_ARGUMENT", "name", {}, name="x" * 101)
            make("INVALID_ARGUMENT", "name", {}, name="new\\u0001line")
            make("INVALID_ARGUMENT", "illing", {}, name="stream", billing_id="b")
            make("INVALID_ARGUMENT", "roject", {}, name="stream", project_id="p")
            make("INVALID_ARGUMENT", "roject", {}, name="stream", project_id="")
            make("NOT_FOUND", "project", {}, name="stream", project_id="00000000-0000-4000-8000-000000000000")
            make("INVALID_ARGUMENT", "escription", {"description": "x" * 1001}, name="stream")
            make("INVALID_ARGUMENT", "tags", {"tags": ["a", "a"]}, name="stream")
            make("INVALID_ARGUMENT", "tags", {"tags": [str(n) for n in range(21)]}, name="stream")
            make("INVALID_ARGUMENT", "tags", {"tags": ["x" * 101]}, name="stream")
            make("INVALID_ARGUMENT", "policy", {"policy_id": "p"}, name="stream")
            make("NOT_FOUND", "policy", {"policy_id": "00000000-0000-4000-8000-000000000000"}, name="stream")
            make("INVALID_ARGUMENT", "consentLevels", {"consent_levels": [0]}, name="stream")
            make("INVALID_ARGUMENT", "maskedFields", {"masked_fields": {"field_patterns": {"strmprivacy/example/1.5.0": {}}}}, name="stream")
            make("INVALID_ARGUMENT", "consentLevels", {"linked_stream": "clicks"})
            make("INVALID_ARGUMENT", "onsent", {"linked_stream": "clicks", "consent_levels": [1, 1]})
            make("INVALID_ARGUMENT", "onsent", {"linked_stream": "clicks", "consent_levels": [-1]})
            make("INVALID_ARGUMENT", "onsent", {"linked_stream": "clicks", "consent_levels": list(range(51))})
            make("INVALID_ARGUMENT", "onsent", {"linked_stream": "clicks", "consent_levels": [1, 2], "consent_level_type": "CUMULATIVE"})
            make("NOT_FOUND", "nowhere", {"linked_stream": "nowhere", "consent_levels": [1]})
            make("FAILED_PRECONDITION", "derive from its source", {"linked_stream": "clicks-0", "consent_levels": [1]})
            make("ALREADY_EXISTS", "clicks", {}, name="clicks")
            make("ALREADY_EXISTS", "clicks-0", {"linked_stream": "clicks", "consent_levels": [0]})
            refused("RESOURCE_EXHAUSTED", admin, "StreamsService/CreateStream", stream={"description": "x" * (4 << 20)})
            assert "stream" in refused("INVALID_ARGUMENT", admin, "StreamsService/CreateStream")
            assert "ref" in refused("INVALID_ARGUMENT", admin, "StreamsService/GetStream")
            assert "ref" in refused("INVALID_ARGUMENT", admin, "StreamsService/DeleteStream")
            assert "lient" in refused("INVALID_ARGUMENT", admin, "StreamsService/ListExtendedStreams")
            refused("INVALID_ARGUMENT", admin, "StreamsService/ListStreams")
            refused("INVALID_ARGUMENT", admin, "StreamsService/GetStream", ref={"project_id": project})
            refused("NOT_FOUND", admin, "StreamsService/GetStream", ref={"name": "nobody", "project_id": project})
            """)
    }

    @Test func `streams of the plane folder are seen, and cannot be changed here`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            import urllib.request, ssl, urllib.parse
            ref = {"name": "demo", "project_id": project}
            tree = admin("StreamsService/GetStream", ref=ref).stream_tree
            credentials = tree.stream.credentials[0]
            assert tree.stream.enabled and tree.stream.kafka_topic.startswith("stream-")
            body = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": credentials.client_id, "client_secret": credentials.client_secret}).encode()
            url = rig["auth"] + "/auth/realms/streams/protocol/openid-connect/token"
            assert "access_token" in urllib.request.urlopen(url, body, context=ssl.create_default_context(cafile=rig["ca"])).read().decode()
            refused("FAILED_PRECONDITION", admin, "StreamsService/DeleteStream", ref=ref)
            refused("FAILED_PRECONDITION", admin, "CredentialsService/CreateCredential", stream_ref=ref)
            refused("FAILED_PRECONDITION", admin, "CredentialsService/DeleteCredential", client_id=credentials.client_id)
            refused("ALREADY_EXISTS", admin, "StreamsService/CreateStream", stream={"ref": ref})
            refused("FAILED_PRECONDITION", admin, "StreamsService/CreateStream", stream={
                "ref": {"project_id": project}, "linked_stream": "demo", "consent_levels": [0]})
            elsewhere = admin("ProjectsService/CreateProject", project={"name": "elsewhere"}).project.id
            admin("StreamsService/CreateStream", stream={"ref": {"name": "demo", "project_id": elsewhere}})
            assert [t.stream.ref.name for t in admin("StreamsService/ListStreams", project_id=elsewhere).streams] == ["demo"]
            """)
    }

    @Test func `credentials log in from the moment they are made until they are removed`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            import urllib.request, urllib.error, ssl, urllib.parse
            def logs_in(c):
                body = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": c.client_id, "client_secret": c.client_secret}).encode()
                url = rig["auth"] + "/auth/realms/streams/protocol/openid-connect/token"
                try:
                    urllib.request.urlopen(url, body, context=ssl.create_default_context(cafile=rig["ca"]))
                    return True
                except urllib.error.HTTPError as error:
                    assert error.code == 401
                    return False
            ref = {"name": "clicks", "project_id": project}
            first = admin("StreamsService/CreateStream", stream={"ref": ref}).stream.credentials[0]
            assert logs_in(first)
            second = member("CredentialsService/CreateCredential", stream_ref=ref).credentials
            assert second.client_id != first.client_id and logs_in(second)
            listed = admin("CredentialsService/ListCredentials", stream_ref=ref).credentials
            assert [c.client_id for c in listed] == [first.client_id, second.client_id] and not any(c.client_secret for c in listed)
            assert admin("CredentialsService/GetCredential", client_id=second.client_id).credential == second
            assert [c.client_secret for c in admin("StreamsService/GetStream", ref=ref).stream_tree.stream.credentials] == [first.client_secret, second.client_secret]
            refused("PERMISSION_DENIED", member, "CredentialsService/DeleteCredential", client_id=first.client_id)
            admin("CredentialsService/DeleteCredential", client_id=first.client_id)
            assert not logs_in(first) and logs_in(second)
            refused("NOT_FOUND", admin, "CredentialsService/GetCredential", client_id=first.client_id)
            refused("PERMISSION_DENIED", stranger, "CredentialsService/GetCredential", client_id=second.client_id)
            admin("StreamsService/DeleteStream", ref=ref)
            assert not logs_in(second)
            """)
    }
}

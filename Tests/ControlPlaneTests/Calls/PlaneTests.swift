import JSON
import TestKit
import Testing

@Suite struct PlaneServiceTests {
    @Test func `components get the plane whole, then only when it has changed, and are told of changes`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            first = data_plane("PlaneService/GetPlane")
            names = lambda answer: [s.extended_stream.stream.ref.name for s in answer.streams]
            assert names(first) == ["demo", "other"] and first.version
            refs = ["/".join([c.ref.handle, c.ref.name, c.ref.version]) for c in first.contracts]
            assert "strmprivacy/example/1.5.0" in refs
            assert all(len(s.client_ids) == 1 and s.extended_stream.topic for s in first.streams)
            same = data_plane("PlaneService/GetPlane", known_version=first.version)
            assert same.version == first.version and not same.streams and not same.contracts

            hints = data_plane.stream("PlaneService/WatchPlane")
            assert next(hints).version == first.version
            made = admin("StreamsService/CreateStream", stream={"ref": {"name": "clicks", "project_id": project}}).stream
            hint = next(hints).version
            assert hint != first.version
            second = data_plane("PlaneService/GetPlane", known_version=first.version)
            assert second.version == hint and names(second) == ["demo", "other", "clicks"]
            mine = second.streams[2]
            assert list(mine.client_ids) == [made.credentials[0].client_id]
            assert mine.extended_stream.topic == made.kafka_topic and mine.extended_stream.key_stream
            assert mine.extended_stream.stream.ref.project_id == project
            assert made.credentials[0].client_secret not in str(second) and not mine.extended_stream.stream.credentials

            # Who can put changes together gets those alone; who has a version that nobody remembers gets everything.
            changes = lambda version: data_plane("PlaneService/GetPlane", known_version=version, changes_suffice=True)
            late = changes(first.version)
            assert (late.version, late.changed_since) == (hint, first.version), late
            assert list(late.streams) == [mine] and not late.contracts and not late.policies and not late.gone_streams
            whole = changes("another")
            assert whole == second and not whole.changed_since
            gone = admin("StreamsService/CreateStream", stream={"ref": {"name": "shortly", "project_id": project}}).stream
            third = changes(first.version)
            assert names(third) in (["clicks", "shortly"], ["shortly", "clicks"]), third
            admin("StreamsService/DeleteStream", ref={"name": "shortly", "project_id": project})
            last = changes(third.version)
            assert not last.streams and [f"stream-{id}" for id in last.gone_streams] == [gone.kafka_topic], last
            last = changes(first.version)
            assert names(last) == ["clicks"] and len(last.gone_streams) == 1, last
            assert changes(last.version).version == last.version and not changes(last.version).changed_since
            while next(hints).version != last.version: pass
            hint = last.version

            agent = data_plane("StreamsAgentService/GetStreams").extended_streams
            assert list(agent) == [s.extended_stream for s in second.streams]

            admin("CredentialsService/CreateCredential", stream_ref={"name": "clicks", "project_id": project})
            assert next(hints).version != hint
            assert len(data_plane("PlaneService/GetPlane").streams[2].client_ids) == 2
            version = data_plane("PlaneService/GetPlane").version
            admin("AccountService/UpdateOnboarding", is_onboarding_done=True)
            assert data_plane("PlaneService/GetPlane").version == version, "what concerns nobody changes nothing"

            with open(rig["folder"] + "/more.yaml", "w") as file: file.write("kind: Stream\\nspec: {ref: {name: third}}\\n")
            while "third" not in names(data_plane("PlaneService/GetPlane")): next(hints)

            # The folder loses a contract whose fields a stream masks: rather no stream than one with less masked.
            path = rig["folder"] + "/contract.yaml"
            with open(path, "w") as file: file.write('''kind: DataContract
            spec: {ref: {handle: shop, name: visits, version: 1.0.0}, keyField: id, schema: {simpleSchema: {name: Visit, nodes: [{type: STRING, name: id}]}}}
            ''')
            shop = {"field_patterns": {"shop/visits/1.0.0": {"field_patterns": ["id"]}}}
            masked = {"ref": {"project_id": project}, "linked_stream": "clicks", "consent_levels": [0], "masked_fields": shop}
            refs = lambda: [c.ref.handle for c in data_plane("PlaneService/GetPlane").contracts]
            while "shop" not in refs(): next(hints)
            admin("StreamsService/CreateStream", stream=masked)
            assert "clicks-M0" in names(data_plane("PlaneService/GetPlane"))
            os.remove(path)
            while "shop" in refs(): next(hints)
            assert "clicks-M0" not in names(data_plane("PlaneService/GetPlane")) and "clicks" in names(data_plane("PlaneService/GetPlane"))
            hints.cancel()
            """, more: ["folder": .string(rig.plane.folder.file("plane"))])
    }

    @Test func `everything that changes is written down, without secrets`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            ref = {"name": "clicks", "project_id": project}
            made = member("StreamsService/CreateStream", stream={"ref": ref, "description": "d"}).stream
            admin("StreamsService/CreateStream", stream={"ref": {"project_id": project}, "linked_stream": "clicks", "consent_levels": [0],
                "masked_fields": {"seed": "the-seed", "field_patterns": {"strmprivacy/example/1.5.0": {"field_patterns": ["consistentValue"]}}}})
            second = admin("CredentialsService/CreateCredential", stream_ref=ref).credentials
            refused("ALREADY_EXISTS", admin, "StreamsService/CreateStream", stream={"ref": ref})
            admin("StreamsService/DeleteStream", ref=ref, recursive=True)
            trail = admin("AuditService/ListAuditEntries").entries
            last = [(e.kind, e.reference, e.method.split("/")[1], e.actor_name) for e in trail[:5]]
            assert last == [
                ("stream", "clicks", "DeleteStream", "admin@polder.local"), ("stream", "clicks-M0", "DeleteStream", "admin@polder.local"),
                ("credential", second.client_id, "CreateCredential", "admin@polder.local"),
                ("stream", "clicks-M0", "CreateStream", "admin@polder.local"), ("stream", "clicks", "CreateStream", "member@example.com")], last
            assert trail[4].before == "" and json.loads(trail[4].after)["description"] == "d" and trail[4].actor_kind == "user"
            assert json.loads(trail[0].before)["ref"]["name"] == "clicks" and trail[0].after == "" and trail[0].project_id == project
            assert abs(trail[0].time.seconds - time.time()) < 60
            text = str(trail)
            for secret in [made.credentials[0].client_secret, second.client_secret, "the-seed"]: assert secret not in text

            page = admin("AuditService/ListAuditEntries", kind="stream", page_size=3)
            assert [e.reference for e in page.entries] == ["clicks", "clicks-M0", "clicks-M0"] and page.next_page_token
            rest = admin("AuditService/ListAuditEntries", kind="stream", page_size=3, page_token=page.next_page_token)
            assert [e.reference for e in rest.entries] == ["clicks"] and not rest.next_page_token
            assert len(admin("AuditService/ListAuditEntries", reference="clicks").entries) == 2
            refused("INVALID_ARGUMENT", admin, "AuditService/ListAuditEntries", kind="cheese")
            refused("INVALID_ARGUMENT", admin, "AuditService/ListAuditEntries", page_token="x")
            refused("INVALID_ARGUMENT", admin, "AuditService/ListAuditEntries", page_size=1001)
            refused("PERMISSION_DENIED", member, "AuditService/ListAuditEntries")
            """)
    }

    @Test func `killed again and again, it has done every call or has not, and what it said it did stays`() async throws
    {
        let rig = try await APIRig.start()
        let folder = rig.plane.folder
        var known: Set<String> = []
        for round in 0..<4 {
            let plane = round == 0 ? rig.plane : try await RunningControlPlane.start(in: folder)
            let now = try APIRig(plane)
            let output = try await now.python(
                """
                import os, signal
                made = []
                threading.Timer(0.3 + 0.13 * rig["round"], lambda: os.kill(rig["pid"], signal.SIGKILL)).start()
                try:
                    for number in range(10000):
                        name = f"stream {rig['round']} {number}"
                        admin("StreamsService/CreateStream", stream={"ref": {"name": name, "project_id": project}})
                        admin("StreamsService/CreateStream", stream={"ref": {"name": name + " derived", "project_id": project}, "linked_stream": name, "consent_levels": [0]})
                        made.append(name)
                        if number % 3 == 0:
                            admin("StreamsService/DeleteStream", ref={"name": name, "project_id": project}, recursive=True)
                            made.remove(name)
                except grpc.RpcError as error:
                    assert error.code().name in ("UNAVAILABLE", "CANCELLED", "INTERNAL"), error
                print(json.dumps(made))
                """, more: ["round": JSONValue(round), "pid": JSONValue(plane.tool.pid)])
            _ = try await plane.tool.waitForEnd()
            known.formUnion(try JSONValue.parse(output).array?.compactMap(\.string) ?? [])
        }
        let last = try APIRig(await RunningControlPlane.start(in: folder))
        try await last.python(
            """
            trees = admin("StreamsService/ListStreams", project_id=project, recursive=True).streams
            names = [t.stream.ref.name for t in trees]
            assert len(names) == len(set(names))
            missing = [n for n in rig["known"] if n not in names or n + " derived" not in names]
            # The call that was under way when the process died may have happened.
            assert not missing or len(missing) <= 4, missing
            for tree in trees:
                if tree.stream.linked_stream: assert tree.stream.linked_stream in names
            written = {}
            token = ""
            while True:
                page = admin("AuditService/ListAuditEntries", kind="stream", page_size=1000, page_token=token)
                for entry in page.entries:
                    written.setdefault(entry.reference, entry.after != "")
                token = page.next_page_token
                if not token: break
            there = {n for n in names if n not in ("demo", "other")}
            assert {n for n, is_there in written.items() if is_there} == there, "the trail tells what there is"
            """, more: ["known": .array(known.map { .string($0) })])
    }
}

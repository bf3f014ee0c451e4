import TestKit
import Testing

@Suite struct MonitoringTests {
    @Test func `followers see the whole state first, and then every change`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            import queue
            M = "MonitoringService/"
            def state(name, status, seconds=1000, **fields):
                return {"ref": {"type": "STREAM", "project_id": project, "name": name}, "status": status,
                    "state_time": f"2026-01-01T00:{seconds // 60 % 60:02}:{seconds % 60:02}Z", "resource_type": "STREAM_TOPIC", **fields}
            def tell(*states): data_plane.send(M + "UpdateEntityStates", [{"states": [s]} for s in states])
            tell(state("first", "HEALTHY"), state("second", "UNHEALTHY", logs=["a", "b"], message="broken"))

            def follow(api, **fields):
                call = api.stream(M + "GetEntityState", **fields)
                seen = queue.Queue()
                def read():
                    try:
                        for answer in call: seen.put(answer.state)
                    except grpc.RpcError as error: seen.put(error)
                threading.Thread(target=read, daemon=True).start()
                return call, seen
            here = {"project_id": project}
            call, seen = follow(member, ref=here)
            assert [seen.get(timeout=60).ref.name for _ in range(2)] == ["first", "second"]
            masked, narrow = follow(member, ref={**here, "name": "second"}, projection_mask="logs")
            logs = narrow.get(timeout=60)
            assert list(logs.logs) == ["a", "b"] and not logs.HasField("ref") and logs.status == 0
            tell(state("third", "PENDING"), state("second", "HEALTHY", 1001))
            assert [(s.ref.name, s.status) for s in (seen.get(timeout=60), seen.get(timeout=60))] == [("third", 3), ("second", 1)]
            assert len(narrow.get(timeout=60).logs) == 0
            tell(state("second", "UNHEALTHY", 900), state("first", "REMOVED", 1002))  # the first is old news
            last = seen.get(timeout=60)
            assert (last.ref.name, last.status) == ("first", 2)
            call.cancel(); masked.cancel()

            def latest(who=member, mask=None, **fields):
                return who(M + "GetLatestEntityStates", projection_mask=mask, **fields).state
            assert {(s.ref.name, s.status) for s in latest(ref=here)} == {("first", 2), ("second", 1), ("third", 3)}
            assert [s.ref.name for s in latest(ref=here, status="HEALTHY")] == ["second"]
            assert [s.ref.name for s in latest(ref={**here, "type": "STREAM", "name": "third"})] == ["third"]
            assert len(latest(ref={**here, "type": "BATCH_JOB"})) == 0
            one = latest(ref={**here, "name": "third"}, mask="stateTime,status")[0]
            assert one.status == 3 and one.state_time.seconds and not one.HasField("ref")
            assert len(latest(stranger)) == 0 and len(latest(admin)) == 3
            refused("PERMISSION_DENIED", stranger, M + "GetLatestEntityStates", ref=here)
            refused("INVALID_ARGUMENT", member, M + "GetLatestEntityStates", projection_mask="colour")
            for fields in [{"ref": here, "projection_mask": "colour"}]:
                try:
                    next(member.stream(M + "GetEntityState", **fields))
                    raise SystemExit("was answered")
                except grpc.RpcError as error: assert error.code().name == "INVALID_ARGUMENT"
            for api, bad, code in [(member, state("x", "HEALTHY"), "PERMISSION_DENIED"), (data_plane, state("", "HEALTHY"), "INVALID_ARGUMENT"),
                (data_plane, state("fourth", "STATUS_UNSPECIFIED"), "INVALID_ARGUMENT")]:
                try:
                    api.send(M + "UpdateEntityStates", [{"states": [bad]}])
                    raise SystemExit("was taken")
                except grpc.RpcError as error: assert error.code().name == code, error
            big = [f"line {n} " + "x" * 1000 for n in range(2000)]
            tell(state("fifth", "UNHEALTHY", logs=big))
            kept = latest(ref={**here, "name": "fifth"})[0].logs
            assert kept[-1] == big[-1] and 200 < len(kept) < 300, len(kept)
            """)
    }

    @Test func `a count is stored once, and totals are told at the start of each window`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            import datetime
            U = "UsageService/"
            ref = {"name": "demo", "project_id": project}
            def at(clock): return f"2026-03-01T{clock}Z"
            def store(count, clock, who=data_plane, stream="demo"):
                who(U + "StoreUsageEvent", stream=stream, event_count=count, event_arrival_time=at(clock), project_id=project)
            def totals(start, end, interval="900s"):
                answer = member(U + "GetStreamEventUsage", ref=ref, start_time=at(start), end_time=at(end), interval=interval)
                assert answer.ref.name == "demo"
                return [w.event_count for w in answer.windows]
            assert totals("10:00:00", "10:30:00") == [0, 0]
            store(173478, "10:00:00"); store(8944, "10:15:00")
            store(8944, "10:15:00"); store(1, "10:15:00")  # a report again changes nothing
            windows = member(U + "GetStreamEventUsage", ref=ref, start_time=at("10:00:00"), end_time=at("10:30:00"), interval="900s").windows
            assert [w.event_count for w in windows] == [173478, 182422]
            change = windows[1].event_count - windows[0].event_count
            assert change == 8944 and round(change / (windows[0].end_time.seconds - windows[0].start_time.seconds), 2) == 9.94
            assert totals("09:50:00", "10:20:00", "300s") == [0, 0, 173478, 173478 + 2981, 173478 + 5962, 182422]
            store(100, "10:05:00")  # late
            assert totals("10:00:00", "10:16:00", "300s") == [173478, 173578, 173578 + 4472, 182522]
            store(5, "10:20:00.000000001"); store(5, "10:20:00.000000002")
            assert totals("10:21:00", "10:22:00", "60s") == [182532]
            assert len(totals("10:00:00", "10:01:30", "60s")) == 2
            store(7, "10:00:00", stream="other")
            assert totals("23:00:00", "23:30:00", "1800s") == [182532]
            default = member(U + "GetStreamEventUsage", ref=ref).windows
            assert len(default) == 288
            refused("INVALID_ARGUMENT", member, U + "GetStreamEventUsage", ref=ref, start_time=at("10:00:00"), end_time=at("09:00:00"), interval="60s")
            assert "interval" in refused("INVALID_ARGUMENT", member, U + "GetStreamEventUsage", ref=ref,
                start_time="2020-01-01T00:00:00Z", end_time="2026-01-01T00:00:00Z", interval="60s")
            refused("INVALID_ARGUMENT", member, U + "GetStreamEventUsage", ref=ref, interval="30s")
            refused("INVALID_ARGUMENT", member, U + "GetStreamEventUsage", ref=ref, start_time="1950-01-01T00:00:00Z", interval="60s")
            refused("NOT_FOUND", member, U + "GetStreamEventUsage", ref={**ref, "name": "nobody"}, interval="60s")
            refused("INVALID_ARGUMENT", member, U + "GetStreamEventUsage", interval="60s")
            for code, who, fields in [("PERMISSION_DENIED", admin, {}), ("INVALID_ARGUMENT", data_plane, {"event_count": -1}),
                ("INVALID_ARGUMENT", data_plane, {"event_arrival_time": None}), ("INVALID_ARGUMENT", data_plane, {"project_id": ""})]:
                refused(code, who, U + "StoreUsageEvent", **{**dict(stream="demo", event_count=1, event_arrival_time=at("11:00:00"), project_id=project), **fields})
            """)
    }

    @Test func `people are found by their keys, page by page, and forgotten`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            import uuid, base64
            D = "DataSubjectsService/"
            def links(subject, n): return {"data_subject_id": subject, "keylinks_and_timestamps": [
                {"key_link": str(uuid.UUID(int=n + k)), "expiry_time": f"2026-05-0{k + 1}T00:00:00Z"} for k in range(2)]}
            people = [f"person-{n}" for n in range(5)]
            def add(*subjects, who=data_plane):
                return who(D + "AddDataSubjectsKeyLinks", project_id=project, data_subject_keylinks=subjects).stored_count
            assert add(*(links(p, 10 * n) for n, p in enumerate(people))) == 10
            assert add(links("person-0", 0)) == 0
            assert add(links("person-0", 1)) == 1
            page = member(D + "ListDataSubjects", page_size=2)
            assert [s.data_subject_id for s in page.data_subjects] == people[:2]
            assert base64.b64decode(page.next_page_token) == b"\\n\\x012"
            page = member(D + "ListDataSubjects", page_size=2, page_token=page.next_page_token)
            assert [s.data_subject_id for s in page.data_subjects] == people[2:4]
            page = member(D + "ListDataSubjects", page_size=2, page_token=page.next_page_token)
            assert [s.data_subject_id for s in page.data_subjects] == people[4:] and page.next_page_token == ""
            assert len(member(D + "ListDataSubjects").data_subjects) == 5
            assert len(stranger(D + "ListDataSubjects").data_subjects) == 0
            found = member(D + "ListDataSubjectKeylinks", data_subject_id=["person-0", "nobody", "person-3"]).data_subject_keylinks
            assert [(s.data_subject_id, len(s.keylinks_and_timestamps)) for s in found] == [("person-0", 3), ("person-3", 2)]
            assert found[1].keylinks_and_timestamps[0].key_link == str(uuid.UUID(int=30))
            assert len(stranger(D + "ListDataSubjectKeylinks", data_subject_id=["person-0"]).data_subject_keylinks) == 0
            refused("PERMISSION_DENIED", member, D + "DeleteDataSubjects", data_subjects=["person-0"])
            assert admin(D + "DeleteDataSubjects", data_subjects=["person-0", "person-1", "person-1", "nobody"]).deleted_keylinks_count == 5
            assert [s.data_subject_id for s in member(D + "ListDataSubjects").data_subjects] == people[2:]
            assert admin(D + "DeleteDataSubjects", data_subjects=["person-0"]).deleted_keylinks_count == 0
            for method in ["ListDataSubjects", "ListDataSubjectKeylinks", "DeleteDataSubjects"]:
                refused("INVALID_ARGUMENT", admin, D + method, organization_id=project)
            refused("INVALID_ARGUMENT", member, D + "ListDataSubjects", page_token="nonsense")
            refused("INVALID_ARGUMENT", member, D + "ListDataSubjects", page_size=-1)
            refused("INVALID_ARGUMENT", member, D + "ListDataSubjectKeylinks", data_subject_id=["x"])
            refused("INVALID_ARGUMENT", data_plane, D + "AddDataSubjectsKeyLinks", project_id=project, data_subject_keylinks=[
                {"data_subject_id": "person", "keylinks_and_timestamps": [{"key_link": "no", "expiry_time": "2026-05-01T00:00:00Z"}]}])
            refused("PERMISSION_DENIED", admin, D + "AddDataSubjectsKeyLinks", project_id=project)
            entries = admin("AuditService/ListAuditEntries", kind="data subject").entries
            assert len(entries) == 2 and "person" not in str(entries), entries
            """)
        let file =
            try rig.plane.folder.read("state/control/state.db") + rig.plane.folder.read("state/control/state.db-wal")
        #expect(!String(decoding: file, as: UTF8.self).contains("person-"))
    }
}

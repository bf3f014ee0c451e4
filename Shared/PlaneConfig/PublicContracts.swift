internal import YAML

/// The contracts that every plane knows, from the files in `Public/`: those of the public examples, drivers and simulator.
/// They are compiled in, so that a binary works alone. A folder that describes the same contract wins.
enum PublicContracts {
    static let documents: [PlaneDocument] = {
        var problems: [PlaneProblem] = []
        let documents = [
            ("clickstream.yaml", PackageResources.clickstream_yaml), ("demo.yaml", PackageResources.demo_yaml),
            ("example.yaml", PackageResources.example_yaml),
        ].flatMap { PlaneDocument.read($0.1, file: "(built in) \($0.0)", problems: &problems) }
        precondition(problems.isEmpty, "the compiled-in contracts hold no mistakes")
        return documents
    }()
}

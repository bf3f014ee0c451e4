package import GRPC

/// `DataConnector`: a place where data lies, outside of the plane.
package struct DataConnector: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.DataConnector"

    /// Which one.
    @Required package var ref: DataConnectorRef
    /// Where the data is.
    package var location: Location?
    /// The UUID.
    package var uuid = ""
    /// What uses the connector; only when it was asked for.
    package var dependentEntities: DataConnectorDependentEntities?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.oneof("location", &location, required: true)
        fields.text(5, "uuid", &uuid, [.uuid])
        fields.message(6, "dependentEntities", &dependentEntities)
    }

    /// The members of `location`.
    package enum Location: ProtoOneof {
        /// A bucket in S3.
        case s3Bucket(AwsS3BucketLocation)
        /// A bucket in Google's cloud.
        case googleCloudStorageBucket(GoogleCloudStorageBucketLocation)
        /// A container in Azure.
        case azureBlobStorageContainer(AzureBlobStorageContainerLocation)
        /// A database.
        case jdbcLocation(JdbcLocation)

        package static func visit(_ members: inout OneofMembers<Location>) {
            members.message(2, "s3Bucket", Location.s3Bucket) {
                if case .s3Bucket(let value) = $0 { value } else { nil }
            }
            members.message(3, "googleCloudStorageBucket", Location.googleCloudStorageBucket) {
                if case .googleCloudStorageBucket(let value) = $0 { value } else { nil }
            }
            members.message(4, "azureBlobStorageContainer", Location.azureBlobStorageContainer) {
                if case .azureBlobStorageContainer(let value) = $0 { value } else { nil }
            }
            members.message(7, "jdbcLocation", Location.jdbcLocation) {
                if case .jdbcLocation(let value) = $0 { value } else { nil }
            }
        }
    }
}

/// `DataConnectorRef`.
package struct DataConnectorRef: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.DataConnectorRef"

    /// Deprecated.
    package var billingID = ""
    /// The connector's name, 4–100 characters.
    package var name = ""
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "name", &name, [.required, .length(4...100), .name])
        fields.text(3, "projectId", &projectID, [.required, .uuid])
    }
}

/// `DataConnectorDependentEntities`: what uses a connector.
package struct DataConnectorDependentEntities: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.DataConnectorDependentEntities"

    /// The exporters.
    package var batchExporters: [BatchExporter] = []
    /// Encrypting jobs that read or write here.
    package var batchJobs: [BatchJob] = []
    /// Averaging jobs that read or write here.
    package var microAggregationBatchJobs: [MicroAggregationBatchJob] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "batchExporters", &batchExporters)
        fields.messages(2, "batchJobs", &batchJobs)
        fields.messages(3, "microAggregationBatchJobs", &microAggregationBatchJobs)
    }
}

/// `AwsS3BucketLocation`: a bucket in S3, or in what speaks its protocol.
package struct AwsS3BucketLocation: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.AwsS3BucketLocation"

    /// The bucket.
    package var bucketName = ""
    /// The access key as JSON, as `aws iam create-access-key` prints it. Secret.
    package var credentials = ""
    /// A role to take on before the bucket is opened; empty for none.
    package var assumeRoleArn = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "bucketName", &bucketName, [.required])
        fields.text(2, "credentials", &credentials, [.required])
        fields.text(3, "assumeRoleArn", &assumeRoleArn)
    }
}

/// `GoogleCloudStorageBucketLocation`: a bucket in Google's cloud.
package struct GoogleCloudStorageBucketLocation: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.GoogleCloudStorageBucketLocation"

    /// The bucket.
    package var bucketName = ""
    /// The key of a service account as JSON. Secret.
    package var credentials = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "bucketName", &bucketName, [.required])
        fields.text(2, "credentials", &credentials, [.required])
    }
}

/// `AzureBlobStorageContainerLocation`: a container in Azure.
package struct AzureBlobStorageContainerLocation: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.AzureBlobStorageContainerLocation"

    /// The storage account.
    package var storageAccountURI = ""
    /// The container.
    package var containerName = ""
    /// What the container is opened with.
    @Required package var clientSecretCredential: AzureClientSecretCredential

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "storageAccountUri", &storageAccountURI, [.required])
        fields.text(2, "containerName", &containerName, [.required])
        fields.message(3, "clientSecretCredential", &$clientSecretCredential)
    }
}

/// `AzureClientSecretCredential`: what an application of Azure authenticates with.
package struct AzureClientSecretCredential: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.AzureClientSecretCredential"

    /// Whose directory.
    package var tenantID = ""
    /// Who authenticates.
    package var clientID = ""
    /// Secret.
    package var clientSecret = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "tenantId", &tenantID, [.required])
        fields.text(2, "clientId", &clientID, [.required])
        fields.text(3, "clientSecret", &clientSecret, [.required])
    }
}

/// `JdbcLocation`: a database.
package struct JdbcLocation: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.JdbcLocation"

    /// `jdbc:…`. May hold a secret.
    package var jdbcURI = ""
    /// Opens the database in place of a password. Secret.
    package var privateKey = ""
    /// Which product.
    @Open package var databaseType: DatabaseType

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "jdbcUri", &jdbcURI, [.required])
        fields.text(2, "privateKey", &privateKey)
        fields.enumeration(3, "databaseType", &$databaseType)
    }
}

/// `DatabaseType`: the databases that can be read.
package enum DatabaseType: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.entities.v1.DatabaseType"
    package static let names = ["DATABASE_TYPE_UNSPECIFIED", "POSTGRES", "MYSQL", "BIGQUERY", "SNOWFLAKE"]

    case unspecified = 0
    case postgres = 1
    case mysql = 2
    case bigquery = 3
    case snowflake = 4
}

/// `DataConnectorAndType`: some data: where it lies and what it looks like.
package struct DataConnectorAndType: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.DataConnectorAndType"

    /// Where it lies.
    @Required package var dataConnectorRef: DataConnectorRef
    /// A folder in the bucket; empty for the top.
    package var pathPrefix = ""
    /// The file; empty where a folder is meant.
    package var fileName = ""
    /// What the data looks like; CSV in UTF-8 if nothing is said.
    package var dataType: DataType?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "dataConnectorRef", &$dataConnectorRef)
        fields.text(
            2, "pathPrefix", &pathPrefix,
            [.length(0...900), .noTrailingSlash, .without(".well-known/acme-challenge"), .noneOf([".", ".."])])
        fields.text(3, "fileName", &fileName, [.noControl])
        fields.message(4, "dataType", &dataType)
    }
}

/// `DataType`: what data looks like.
package struct DataType: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.DataType"

    /// What the data looks like.
    package var dataType: DataType?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.oneof("data_type", &dataType, required: true)
    }

    /// The members of `data_type`.
    package enum DataType: ProtoOneof {
        /// A file of comma-separated values.
        case csv(CsvConfig)
        /// A table of a database.
        case database(DatabaseConfig)

        package static func visit(_ members: inout OneofMembers<DataType>) {
            members.message(1, "csv", DataType.csv) {
                if case .csv(let value) = $0 { value } else { nil }
            }
            members.message(2, "database", DataType.database) {
                if case .database(let value) = $0 { value } else { nil }
            }
        }
    }
}

/// `CsvConfig`: comma-separated values.
package struct CsvConfig: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.CsvConfig"

    /// The encoding of the text; empty means UTF-8.
    package var charset = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "charset", &charset)
    }
}

/// `DatabaseConfig`: a table.
package struct DatabaseConfig: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.DatabaseConfig"

    /// The schema that the table is in; empty for the database's own.
    package var schema = ""
    /// The table.
    package var table = ""
    /// The columns to read; none means all.
    package var columns: [String] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "schema", &schema)
        fields.text(2, "table", &table, [.required])
        fields.texts(3, "columns", &columns)
    }
}

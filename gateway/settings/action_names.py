"""The actions that there are, of services whose requests the gateway reads or answers itself."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_STS: Final = """
AssumeRole AssumeRoleWithLDAPIdentity AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot
DecodeAuthorizationMessage GetAccessKeyInfo GetCallerIdentity GetDelegatedAccessToken GetFederationToken
GetServiceBearerToken GetSessionToken GetWebIdentityToken SetContext SetSourceIdentity TagGetWebIdentityToken TagSession
"""
_S3: Final = """
AbortMultipartUpload AllowVendedLogDeliveryForResource AssociateAccessGrantsIdentityCenter BypassGovernanceRetention
CreateAccessGrant CreateAccessGrantsInstance CreateAccessGrantsLocation CreateAccessPoint
CreateAccessPointForObjectLambda CreateBucket CreateBucketMetadataTableConfiguration CreateJob
CreateMultiRegionAccessPoint CreateStorageLensGroup DeleteAccessGrant DeleteAccessGrantsInstance
DeleteAccessGrantsInstanceResourcePolicy DeleteAccessGrantsLocation DeleteAccessPoint DeleteAccessPointForObjectLambda
DeleteAccessPointPolicy DeleteAccessPointPolicyForObjectLambda DeleteAccessPointScope DeleteBucket
DeleteBucketMetadataTableConfiguration DeleteBucketPolicy DeleteBucketWebsite DeleteJobTagging
DeleteMultiRegionAccessPoint DeleteObject DeleteObjectAnnotation DeleteObjectTagging DeleteObjectVersion
DeleteObjectVersionAnnotation DeleteObjectVersionTagging DeleteStorageLensConfiguration
DeleteStorageLensConfigurationTagging DeleteStorageLensGroup DescribeJob DescribeMultiRegionAccessPointOperation
DissociateAccessGrantsIdentityCenter GetAccelerateConfiguration GetAccessGrant GetAccessGrantsInstance
GetAccessGrantsInstanceForPrefix GetAccessGrantsInstanceResourcePolicy GetAccessGrantsLocation GetAccessPoint
GetAccessPointConfigurationForObjectLambda GetAccessPointForObjectLambda GetAccessPointPolicy
GetAccessPointPolicyForObjectLambda GetAccessPointPolicyStatus GetAccessPointPolicyStatusForObjectLambda
GetAccessPointScope GetAccountPublicAccessBlock GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS
GetBucketLocation GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification
GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetDataAccess
GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration GetJobTagging
GetLifecycleConfiguration GetMetricsConfiguration GetMultiRegionAccessPoint GetMultiRegionAccessPointPolicy
GetMultiRegionAccessPointPolicyStatus GetMultiRegionAccessPointRoutes GetObject GetObjectAcl GetObjectAnnotation
GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent GetObjectVersion
GetObjectVersionAcl GetObjectVersionAnnotation GetObjectVersionAttributes GetObjectVersionForReplication
GetObjectVersionTagging GetObjectVersionTorrent GetReplicationConfiguration GetStorageLensConfiguration
GetStorageLensConfigurationTagging GetStorageLensDashboard GetStorageLensGroup InitiateReplication ListAccessGrants
ListAccessGrantsInstances ListAccessGrantsLocations ListAccessPoints ListAccessPointsForObjectLambda ListAllMyBuckets
ListBucket ListBucketMultipartUploads ListBucketVersions ListCallerAccessGrants ListJobs ListMultiRegionAccessPoints
ListMultipartUploadParts ListObjectAnnotations ListObjectVersionAnnotations ListStorageLensConfigurations
ListStorageLensGroups ListTagsForResource ObjectOwnerOverrideToBucketOwner PauseReplication PutAccelerateConfiguration
PutAccessGrantsInstanceResourcePolicy PutAccessPointConfigurationForObjectLambda PutAccessPointPolicy
PutAccessPointPolicyForObjectLambda PutAccessPointPublicAccessBlock PutAccessPointScope PutAccountPublicAccessBlock
PutAnalyticsConfiguration PutBucketAbac PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification
PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock
PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration
PutIntelligentTieringConfiguration PutInventoryConfiguration PutJobTagging PutLifecycleConfiguration
PutMetricsConfiguration PutMultiRegionAccessPointPolicy PutObject PutObjectAcl PutObjectAnnotation PutObjectLegalHold
PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionAnnotation PutObjectVersionTagging
PutReplicationConfiguration PutStorageLensConfiguration PutStorageLensConfigurationTagging ReplicateDelete
ReplicateObject ReplicateTags RestoreObject SubmitMultiRegionAccessPointRoutes TagResource UntagResource
UpdateAccessGrantsLocation UpdateBucketMetadataAnnotationTableConfiguration
UpdateBucketMetadataInventoryTableConfiguration UpdateBucketMetadataJournalTableConfiguration UpdateJobPriority
UpdateJobStatus UpdateObjectEncryption UpdateStorageLensGroup
"""
_OPERATIONS: Final = {
    "PutObject": "CompleteMultipartUpload CopyObject CreateMultipartUpload UploadPart UploadPartCopy",
    "GetObject": "HeadObject SelectObjectContent",
    "DeleteObject": "DeleteObjects",
    "ListBucket": "HeadBucket ListObjects ListObjectsV2",
    "ListAllMyBuckets": "ListBuckets",
    "ListBucketVersions": "ListObjectVersions",
    "ListBucketMultipartUploads": "ListMultipartUploads",
    "ListMultipartUploadParts": "ListParts",
    "GetEncryptionConfiguration": "GetBucketEncryption",
    "PutEncryptionConfiguration": "PutBucketEncryption DeleteBucketEncryption",
    "GetLifecycleConfiguration": "GetBucketLifecycle GetBucketLifecycleConfiguration",
    "PutLifecycleConfiguration": "PutBucketLifecycle PutBucketLifecycleConfiguration DeleteBucketLifecycle",
    "GetReplicationConfiguration": "GetBucketReplication",
    "PutReplicationConfiguration": "PutBucketReplication DeleteBucketReplication",
    "GetBucketObjectLockConfiguration": "GetObjectLockConfiguration",
    "PutBucketObjectLockConfiguration": "PutObjectLockConfiguration",
    "GetBucketPublicAccessBlock": "GetPublicAccessBlock",
    "PutBucketPublicAccessBlock": "PutPublicAccessBlock DeletePublicAccessBlock",
    "PutBucketCORS": "DeleteBucketCors",
    "PutBucketTagging": "DeleteBucketTagging",
    "PutBucketOwnershipControls": "DeleteBucketOwnershipControls",
}


def _by_lower_case(words: str) -> Mapping[str, str]:
    return MappingProxyType({word.lower(): word for word in words.split()})


ACTIONS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "gateway": _by_lower_case("Authenticate ReadConfiguration Revoke"),
        "execute-api": _by_lower_case("Invoke InvalidateCache ManageConnections"),
        "s3": _by_lower_case(_S3),
        "sts": _by_lower_case(_STS),
    }
)
"""Service to each action in lower case, and as it is written. Source: Service Authorization Reference."""

ASKED_OTHERWISE: Final[Mapping[str, str]] = MappingProxyType(
    {f"s3:{name.lower()}": f"s3:{action}" for action, names in _OPERATIONS.items() for name in names.split()}
)
"""Operations of an API that no action has its name of, and the action that is asked for each."""

{{/* Labels and annotations. A component's selector never changes: Kubernetes lets nobody change it. */}}

{{- define "sts-gateway.selector" -}}
{{- /* (root, component) */ -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "sts-gateway.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "sts-gateway.labels" -}}
{{- /* (root, component, more labels) */ -}}
{{- $root := index . 0 -}}
{{- $own := fromYaml (include "sts-gateway.selector" .) -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- $_ := set $own "app.kubernetes.io/version" $root.Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $own "app.kubernetes.io/part-of" "sts-gateway" -}}
{{- toYaml (merge $own (default dict (index . 2)) $root.Values.commonLabels) -}}
{{- end -}}

{{- define "sts-gateway.clusterMetadata" -}}
{{- /* (root, component, name, annotations) of an object without a namespace. */ -}}
{{- $root := index . 0 -}}
name: {{ index . 2 }}
labels:
  {{- include "sts-gateway.labels" (list $root (index . 1) dict) | nindent 2 }}
{{- with merge dict (default dict (index . 3)) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "sts-gateway.metadata" -}}
{{- /* (root, component, name, annotations, labels) */ -}}
{{- $root := index . 0 -}}
name: {{ index . 2 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "sts-gateway.labels" (list $root (index . 1) (index . 4)) | nindent 2 }}
{{- with merge dict (default dict (index . 3)) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

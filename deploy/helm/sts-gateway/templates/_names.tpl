{{/* Names: of one release in one namespace, short enough for what Kubernetes makes of them, never cut into a clash. */}}

{{- define "sts-gateway.short" -}}
{{- /* (text, length): a text that is too long ends with a hash of the whole. */ -}}
{{- $text := index . 0 -}}
{{- $length := index . 1 | int -}}
{{- if le (len $text) $length -}}
{{- $text | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" (trunc (int (sub $length 9)) $text | trimSuffix "-") (sha256sum $text | trunc 8) -}}
{{- end -}}
{{- end -}}

{{- define "sts-gateway.name" -}}
{{- include "sts-gateway.short" (list (default .Chart.Name .Values.nameOverride) 63) -}}
{{- end -}}

{{- define "sts-gateway.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- include "sts-gateway.short" (list .Values.fullnameOverride 40) -}}
{{- else if contains $name .Release.Name -}}
{{- include "sts-gateway.short" (list .Release.Name 40) -}}
{{- else -}}
{{- include "sts-gateway.short" (list (printf "%s-%s" .Release.Name $name) 40) -}}
{{- end -}}
{{- end -}}

{{- define "sts-gateway.webhookName" -}}
{{ include "sts-gateway.fullname" . }}-webhook
{{- end -}}

{{- define "sts-gateway.keyringName" -}}
{{ include "sts-gateway.fullname" . }}-keyring
{{- end -}}

{{- define "sts-gateway.keyringSecret" -}}
{{ default (include "sts-gateway.keyringName" .) .Values.keyring.existingSecret }}
{{- end -}}

{{- define "sts-gateway.clusterName" -}}
{{- /* Of an object without a namespace: two releases of one name in two namespaces must not share it. */ -}}
{{- include "sts-gateway.short" (list (printf "%s-%s" (include "sts-gateway.webhookName" .) .Release.Namespace) 63) -}}
{{- end -}}

{{- define "sts-gateway.serviceAccount" -}}
{{ default (include "sts-gateway.fullname" .) .Values.serviceAccount.name }}
{{- end -}}

{{- define "sts-gateway.webhookHost" -}}
{{ include "sts-gateway.webhookName" . }}.{{ .Release.Namespace }}.svc
{{- end -}}

{{- define "sts-gateway.webhookSecret" -}}
{{- if eq .Values.webhook.certificate.mode "existingSecret" -}}
{{ .Values.webhook.certificate.existingSecret }}
{{- else -}}
{{ include "sts-gateway.webhookName" . }}-tls
{{- end -}}
{{- end -}}

{{- define "sts-gateway.image" -}}
{{- $image := .Values.image -}}
{{- $name := $image.registry | empty | ternary $image.repository (printf "%s/%s" $image.registry $image.repository) -}}
{{- if $image.digest -}}
{{ $name }}@{{ $image.digest }}
{{- else -}}
{{ $name }}:{{ default .Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{- define "sts-gateway.host" -}}
{{- (urlParse .Values.config.gateway.public_url).hostname -}}
{{- end -}}

{{/* The gateway's configuration: what the values say, and what only the chart knows. */}}

{{- define "sts-gateway.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $address := contains ":" .Values.listen | ternary (printf "[%s]" .Values.listen) .Values.listen -}}
{{- $_ := set $config.gateway "keyring" "/var/lib/sts-gateway/keyring/keyring.json" -}}
{{- $_ := set $config.gateway "internal_listen" (printf "%s:9090" $address) -}}
{{- if .Values.tls.existingSecret -}}
{{- $folder := "/run/secrets/sts-gateway-tls" -}}
{{- $_ := set $config.gateway "tls" (dict "certificate" (printf "%s/tls.crt" $folder) "private_key" (printf "%s/tls.key" $folder)) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "sts-gateway.webhookConfig" -}}
{{- $webhook := .Values.webhook -}}
gateway_url: {{ default .Values.config.gateway.public_url $webhook.gatewayUrl | quote }}
region: {{ default (default "us-east-1" .Values.config.gateway.region) $webhook.region | quote }}
listen: {{ printf "%s:9443" (contains ":" .Values.listen | ternary (printf "[%s]" .Values.listen) .Values.listen) | quote }}
tls:
  certificate: /run/secrets/sts-gateway-webhook/tls.crt
  private_key: /run/secrets/sts-gateway-webhook/tls.key
annotation_prefix: {{ $webhook.annotationPrefix | quote }}
mode: {{ $webhook.mode }}
audience: {{ $webhook.audience | quote }}
sidecar_image: {{ default (include "sts-gateway.image" .) $webhook.sidecarImage | quote }}
{{- end -}}

{{- define "sts-gateway.paths" -}}
{{- /* What is routed from outside: a path, and whether it stands for all below. /authz and /metrics never are. */ -}}
{{- $paths := list "/login" "/logout" "/oidc" "/saml" "/portal" "/device" "/authorize" "/portal.css" "/portal.js" "/start" "/sso" "/sso-oidc" "/.well-known" -}}
{{- if . -}}
{{- $paths = append $paths "/v1" -}}
{{- end -}}
{{- toYaml $paths -}}
{{- end -}}

{{/* What the values must not say together: each is one line that names the mend. */}}

{{- define "sts-gateway.checks" -}}
{{- $gateway := default dict .Values.config.gateway -}}
{{- if not $gateway.public_url -}}
{{- fail "\n\nset config.gateway.public_url: what clients, browsers and identity providers see, https://HOST" -}}
{{- end -}}
{{- range list "keyring" "internal_listen" "tls" -}}
{{- if hasKey $gateway . -}}
{{- fail (printf "\n\nleave out config.gateway.%s: the chart sets it (see keyring, listen and tls of the values)" .) -}}
{{- end -}}
{{- end -}}
{{- /* Without quotes YAML reads a number, and of one that begins with 0 another. */ -}}
{{- range $alias, $id := default dict .Values.config.accounts -}}
{{- if not (kindIs "string" $id) -}}
{{- fail (printf "\n\nwrite config.accounts.%s in quotes: its 12 digits are a text" $alias) -}}
{{- end -}}
{{- end -}}
{{- include "sts-gateway.checkState" . -}}
{{- include "sts-gateway.checkSecrets" (list .Values.config "config") -}}
{{- if and .Values.gatewayApi.enabled (not .Values.gatewayApi.parentRefs) -}}
{{- fail "\n\nset gatewayApi.parentRefs: the Gateways that the HTTPRoute belongs to" -}}
{{- end -}}
{{- if .Values.webhook.enabled -}}
{{- include "sts-gateway.checkWebhook" . -}}
{{- end -}}
{{- end -}}

{{- define "sts-gateway.checkState" -}}
{{- $state := default "memory:" .Values.config.gateway.state -}}
{{- $most := .Values.autoscaling.enabled | ternary .Values.autoscaling.maxReplicas .Values.replicaCount | int -}}
{{- if and (gt $most 1) (or (hasPrefix "memory:" $state) (hasPrefix "sqlite:" $state)) -}}
{{- fail (printf "\n\nset config.gateway.state to a Redis (rediss://...), or replicaCount to 1: %s is of one pod alone" (hasPrefix "memory:" $state | ternary "memory:" "sqlite:")) -}}
{{- end -}}
{{- /* A reference beside a password makes that one no reference. */ -}}
{{- $plain := regexReplaceAll "[$][{][^}]*[}]" $state "" -}}
{{- if or (regexMatch "^redis[a-z+]*://[^/]*:[^/]+@" $plain) (regexMatch "[?&]sentinel_password=[^&]" $plain) -}}
{{- fail "\n\ngive the password in config.gateway.state by reference: rediss://:${env:REDIS_PASSWORD}@HOST, with env" -}}
{{- end -}}
{{- end -}}

{{- define "sts-gateway.checkSecrets" -}}
{{- /* (section, its key): a ConfigMap holds no secret. */ -}}
{{- $key := index . 1 -}}
{{- $secrets := list "client_secret" "bind_password" "secret" "secret_access_key" "private_key" "proxy_token" -}}
{{- if kindIs "map" (index . 0) -}}
{{- range $name, $value := index . 0 -}}
{{- $one := not (has (kindOf $value) (list "map" "slice" "invalid")) -}}
{{- if and $one (has $name $secrets) (not (contains "${" (toString $value))) -}}
{{- fail (printf "\n\ngive %s.%s by reference: ${env:NAME} with env, or ${file:/run/secrets/sts-gateway/NAME/KEY} with secretFiles" $key $name) -}}
{{- end -}}
{{- include "sts-gateway.checkSecrets" (list $value (printf "%s.%s" $key $name)) -}}
{{- end -}}
{{- else if kindIs "slice" (index . 0) -}}
{{- range $at, $value := index . 0 -}}
{{- include "sts-gateway.checkSecrets" (list $value (printf "%s[%d]" $key $at)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sts-gateway.checkWebhook" -}}
{{- $webhook := .Values.webhook -}}
{{- $certificate := $webhook.certificate -}}
{{- if and (eq $webhook.failurePolicy "Fail") (lt (int $webhook.replicaCount) 2) -}}
{{- fail "\n\nset webhook.replicaCount to 2 or more, or webhook.failurePolicy to Ignore: with one pod no others could start while it is away" -}}
{{- end -}}
{{- if and (eq $certificate.mode "existingSecret") (or (not $certificate.existingSecret) (not $certificate.caBundle)) -}}
{{- fail "\n\nset webhook.certificate.existingSecret and webhook.certificate.caBundle (PEM): the API server must know the certificate's CA" -}}
{{- end -}}
{{- if and (eq $certificate.mode "selfSigned") .Values.gitops -}}
{{- fail "\n\nset webhook.certificate.mode to certManager or existingSecret: with gitops a self-made certificate would be another at each rendering" -}}
{{- end -}}
{{- end -}}

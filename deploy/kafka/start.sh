#!/bin/sh
# Formats the volume where it is new, then starts the broker.
set -eu
config=/etc/kafka/sallyport/server.properties
# The cluster's id: any 16 bytes in base64url, the same for good.
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id c2FsbHlwb3J0LWNvbXBvcw --config "$config"
exec /opt/kafka/bin/kafka-server-start.sh "$config"

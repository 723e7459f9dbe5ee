#!/bin/sh
# Generates a Go and a TypeScript client from api/openapi.yaml in a temporary
# folder, and compiles each with a program that uses it. Before that, a validator
# looks at the description and its examples. The versions of all of them are those
# of clients/go/go.mod and clients/typescript/package.json.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
for tool in "${GO:-go}" node npm; do
	command -v "$tool" >/dev/null || { echo "make clients needs $tool" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$root/scripts/clients/." "$work"
cp "$root/api/openapi.yaml" "$work"

cd "$work/go"
echo "validating (kin-openapi)"
GOFLAGS=-trimpath ${GO:-go} run ./validate ../openapi.yaml

echo "Go: generating (oapi-codegen)"
mkdir generated
GOFLAGS=-trimpath ${GO:-go} tool oapi-codegen -generate types,client -package generated -o generated/client.go ../openapi.yaml
echo "Go: compiling"
GOFLAGS=-trimpath ${GO:-go} build -o "$work/client" .

echo "TypeScript: generating (openapi-typescript)"
cd "$work/typescript"
npm ci --silent --no-fund --no-audit
npm run --silent generate >/dev/null
echo "TypeScript: compiling"
npm run --silent compile

echo "both clients compile"

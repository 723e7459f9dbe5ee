// Uses the types that openapi-typescript generates from api/openapi.yaml as
// generated.ts: scripts/clients.sh generates these and compiles both.
import createClient from "openapi-fetch";
import type { components, paths } from "./generated";

type Zone = components["schemas"]["Zone"];
type Task = components["schemas"]["OpsTask"];

export async function connect(baseUrl: string, username: string, password: string) {
  const client = createClient<paths>({ baseUrl });
  const { data, error } = await client.POST("/auth/login_local", { body: { username, password } });
  if (!data) throw new Error("error" in error ? error.error : error.message);
  client.use({
    onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${data.token}`),
  });
  return client;
}

type Client = Awaited<ReturnType<typeof connect>>;

export async function zones(client: Client): Promise<Zone[]> {
  const { data, error } = await client.GET("/dns/zones", { params: { query: { pageSize: 100 } } });
  if (!data) throw new Error(JSON.stringify(error));
  return data.zones;
}

// In the operations dialect what is wrong comes with the status 200, too.
export async function tasks(client: Client): Promise<Task[]> {
  const { data, error } = await client.GET("/api/task");
  if (!data) throw new Error(error.info);
  if (!data.ok) throw new Error(data.info);
  return data.info.data;
}

export async function addHost(client: Client, zone: number, host: string, address: string) {
  const { data, error, response } = await client.POST("/dns/records", {
    params: { header: { "Idempotency-Key": `${zone}/${host}/${address}` } },
    body: { zone_id: zone, view_name: "office", host, record_type: "A", ttl: "600", value: address },
  });
  if (!data) throw new Error(JSON.stringify(error));
  return response.headers.get("Opsledger-Position");
}

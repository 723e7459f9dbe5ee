// Command client uses the client that oapi-codegen generates from
// api/openapi.yaml: scripts/clients.sh generates that as the package generated
// beside this file, and compiles both.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/opsledger/opsledger/scripts/clients/go/generated"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: client <url> <username> <password>")
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

// run prints the zones and the tasks that the user may see.
func run(ctx context.Context, url, username, password string) error {
	client, err := generated.NewClientWithResponses(url)
	if err != nil {
		return err
	}
	login, err := client.LoginLocalWithResponse(ctx, generated.DNSLoginInput{Username: username, Password: password})
	if err != nil {
		return err
	}
	if login.JSON200 == nil {
		return fmt.Errorf("log in: %s", login.Body)
	}
	authorize := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+login.JSON200.Token)
		return nil
	}
	if err := printZones(ctx, client, authorize); err != nil {
		return err
	}
	return printTasks(ctx, client, authorize)
}

func printZones(ctx context.Context, client *generated.ClientWithResponses, authorize generated.RequestEditorFn) error {
	reply, err := client.ListZonesWithResponse(ctx, &generated.ListZonesParams{}, authorize)
	if err != nil {
		return err
	}
	if reply.JSON200 == nil {
		return fmt.Errorf("list zones: %s", reply.Body)
	}
	for _, zone := range reply.JSON200.Zones {
		fmt.Println("zone", zone.Id, zone.Name, zone.ViewIds)
	}
	return nil
}

// printTasks shows how a reply of the operations dialect is read: what is wrong
// comes with the status 200, too.
func printTasks(ctx context.Context, client *generated.ClientWithResponses, authorize generated.RequestEditorFn) error {
	reply, err := client.ListTasksWithResponse(ctx, &generated.ListTasksParams{}, authorize)
	if err != nil {
		return err
	}
	if reply.JSON200 == nil {
		return fmt.Errorf("list tasks: %s", reply.Body)
	}
	if failure, err := reply.JSON200.AsOpsFailure(); err == nil && !bool(failure.Ok) && failure.Info != "" {
		return fmt.Errorf("list tasks: %s", failure.Info)
	}
	list, err := reply.JSON200.AsOpsTaskList()
	if err != nil {
		return err
	}
	for _, task := range list.Info.Data {
		fmt.Println("task", task.TaskId, task.State)
	}
	return nil
}

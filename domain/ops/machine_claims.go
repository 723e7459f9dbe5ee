package ops

import "github.com/opsledger/opsledger/domain"

// claim is a name or an address that a machine is to have.
type claim struct {
	what   string
	holder *machineHolder
}

// claims are all names and addresses that a machine with the data is to have.
type claims []claim

func newClaims(d MachineData) claims {
	list := claims{
		{"machine_name " + d.Name, machineNamed(d.Name)},
		{"inside_ip " + d.InsideIP, machineAt(d.InsideIP)},
	}
	if d.OutsideIP != d.InsideIP {
		list = append(list, claim{"outside_ip " + d.OutsideIP, machineAt(d.OutsideIP)})
	}
	return list
}

func (l claims) folds() []domain.Fold {
	folds := make([]domain.Fold, len(l))
	for i := range l {
		folds[i] = l[i].holder
	}
	return folds
}

// check refuses a name or address that a machine other than id holds; 0 stands for a new
// machine.
func (l claims) check(id int64) error {
	for _, c := range l {
		if c.holder.HeldByOther(id) {
			return domain.Refused("%s belongs to another machine", c.what)
		}
	}
	return nil
}

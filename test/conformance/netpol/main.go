// Command netpol says what cyclonus's matcher decides: scenes as JSON lines in, verdicts as JSON lines out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/kube"
	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

type scene struct {
	Policies []*networkingv1.NetworkPolicy `json:"policies"`
	Pods     []*corev1.Pod                 `json:"pods"`
	Asks     []ask                         `json:"asks"`
}

type ask struct {
	Client string `json:"client"`
	Port   int32  `json:"port"`
}

// Of one Pod, in the order of the asks.
type answer struct {
	// What cyclonus decides by itself.
	Cyclonus []bool `json:"cyclonus"`
	// What it decides once the API's own library has said which policies select the Pod.
	API []bool `json:"api"`
	// The two do not select by the same policies.
	IsDisputed bool `json:"isDisputed"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var given scene
		if err := json.Unmarshal(in.Bytes(), &given); err != nil {
			fail("read a scene", err)
		}
		answers := []answer{}
		for _, policy := range given.Policies {
			setDefaults(policy)
		}
		for _, pod := range given.Pods {
			answers = append(answers, judge(&given, pod))
		}
		if err := out.Encode(answers); err != nil {
			fail("write answers", err)
		}
	}
	if err := in.Err(); err != nil {
		fail("read scenes", err)
	}
}

func judge(given *scene, pod *corev1.Pod) answer {
	selected, isDisputed := selecting(given.Policies, pod)
	own := matcher.BuildNetworkPolicies(false, given.Policies)
	api := matcher.BuildNetworkPolicies(false, selected)
	result := answer{IsDisputed: isDisputed}
	for _, each := range given.Asks {
		result.Cyclonus = append(result.Cyclonus, isAllowed(own, pod, each))
		result.API = append(result.API, isAllowed(api, pod, each))
	}
	return result
}

// What the API server does to every policy, and cyclonus leaves to it: SetDefaults_NetworkPolicy in
// kubernetes/pkg/apis/networking/v1/defaults.go.
func setDefaults(policy *networkingv1.NetworkPolicy) {
	if len(policy.Spec.PolicyTypes) > 0 {
		return
	}
	policy.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	if len(policy.Spec.Egress) > 0 {
		policy.Spec.PolicyTypes = append(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
	}
}

// The policies that select the Pod by the API's own library, made to select all. cyclonus has NotIn select no Pod that
// lacks the label, and an empty value those that do.
func selecting(policies []*networkingv1.NetworkPolicy, pod *corev1.Pod) ([]*networkingv1.NetworkPolicy, bool) {
	var selected []*networkingv1.NetworkPolicy
	isDisputed := false
	for _, policy := range policies {
		selector, err := metav1.LabelSelectorAsSelector(&policy.Spec.PodSelector)
		if err != nil {
			fail("read the selector of "+policy.Name, err)
		}
		isSelected := selector.Matches(labels.Set(pod.Labels))
		isDisputed = isDisputed ||
			isSelected != kube.IsLabelsMatchLabelSelector(pod.Labels, policy.Spec.PodSelector)
		if isSelected {
			open := policy.DeepCopy()
			open.Spec.PodSelector = metav1.LabelSelector{}
			selected = append(selected, open)
		}
	}
	return selected, isDisputed
}

// A port may have several names, or none: cyclonus is asked with each.
func isAllowed(policy *matcher.Policy, pod *corev1.Pod, each ask) bool {
	for _, name := range namesOf(pod, each.Port) {
		traffic := &matcher.Traffic{
			Source: &matcher.TrafficPeer{IP: each.Client},
			Destination: &matcher.TrafficPeer{
				Internal: &matcher.InternalPeer{Namespace: pod.Namespace, PodLabels: pod.Labels},
				IP:       pod.Status.PodIP,
			},
			ResolvedPort:     int(each.Port),
			ResolvedPortName: name,
			Protocol:         corev1.ProtocolTCP,
		}
		if policy.IsIngressOrEgressAllowed(traffic, true).IsAllowed() {
			return true
		}
	}
	return false
}

func namesOf(pod *corev1.Pod, port int32) []string {
	names := []string{""}
	for _, container := range pod.Spec.Containers {
		for _, each := range container.Ports {
			isTCP := each.Protocol == "" || each.Protocol == corev1.ProtocolTCP
			if each.ContainerPort == port && isTCP {
				names = append(names, each.Name)
			}
		}
	}
	return names
}

func fail(doing string, err error) {
	fmt.Fprintf(os.Stderr, "Cannot %s: %v\n", doing, err)
	os.Exit(1)
}

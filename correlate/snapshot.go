package correlate

import (
	"net/netip"
	"reflect"
	"unsafe"
)

// Snapshot returns the evidence as if the run ended now, and leaves the run as
// it is: what was not yet decided is decided in a copy. It may be called from
// OnTick alone. It costs time and memory in proportion to the flows and packets
// that are followed: on a quiet server well under a millisecond, with 100,000
// live flows some 100 ms. Whoever calls it again and again must space the calls.
func (e *Engine) Snapshot() *Evidence {
	c := copier{known: make(map[unsafe.Pointer]reflect.Value)}
	own := new(Engine)
	c.copy(reflect.ValueOf(own).Elem(), reflect.ValueOf(e).Elem())
	return own.conclude()
}

// shared are types that ending a run only reads: the sources, the keys, whose
// hash states cannot be copied, and addresses, which are compared by what they
// point to.
var shared = map[reflect.Type]bool{
	reflect.TypeFor[*input]():     true,
	reflect.TypeFor[*keyring]():   true,
	reflect.TypeFor[netip.Addr](): true,
}

// copier copies an engine with all that hangs on it. It goes by the types, so
// that no state which is added to the engine can be forgotten and be changed
// through the copy.
type copier struct {
	known map[unsafe.Pointer]reflect.Value // what a pointer was copied to
}

// copy makes dst equal to src and independent of it. Both are addressable.
func (c *copier) copy(dst, src reflect.Value) {
	dst, src = open(dst), open(src)
	t := src.Type()
	if flat(t) {
		dst.Set(src)
		return
	}
	switch src.Kind() {
	case reflect.Struct:
		for i := range src.NumField() {
			c.copy(dst.Field(i), src.Field(i))
		}
	case reflect.Array:
		for i := range src.Len() {
			c.copy(dst.Index(i), src.Index(i))
		}
	case reflect.Slice:
		if src.IsNil() {
			return
		}
		dst.Set(reflect.MakeSlice(t, src.Len(), src.Len()))
		if flat(t.Elem()) {
			reflect.Copy(dst, src)
			return
		}
		for i := range src.Len() {
			c.copy(dst.Index(i), src.Index(i))
		}
	case reflect.Map:
		if src.IsNil() {
			return
		}
		dst.Set(reflect.MakeMapWithSize(t, src.Len()))
		for k, v := range src.Seq2() {
			from, to := reflect.New(t.Elem()).Elem(), reflect.New(t.Elem()).Elem()
			from.Set(v)
			c.copy(to, from)
			dst.SetMapIndex(k, to)
		}
	case reflect.Pointer:
		if src.IsNil() {
			return
		}
		to, ok := c.known[src.UnsafePointer()]
		if !ok {
			to = reflect.New(t.Elem())
			c.known[src.UnsafePointer()] = to
			c.copy(to.Elem(), src.Elem())
		}
		dst.Set(to)
	default: // functions, channels and interfaces: what they hold is not the engine's
		dst.Set(src)
	}
}

// open lifts the ban on unexported fields: they are this package's own.
func open(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
}

// flat reports whether values of a type refer to nothing, or to what never
// changes, so that assigning them copies them.
func flat(t reflect.Type) bool {
	if shared[t] {
		return true
	}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if !flat(t.Field(i).Type) {
				return false
			}
		}
		return true
	case reflect.Array:
		return flat(t.Elem())
	case reflect.Slice, reflect.Map, reflect.Pointer, reflect.Func, reflect.Chan, reflect.Interface, reflect.UnsafePointer:
		return false
	}
	return true
}
